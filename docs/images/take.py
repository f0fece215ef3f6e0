"""Take the pictures in this folder again: `PYTHONPATH=. python docs/images/take.py`.

This needs nbconvert, whose pages look like JupyterLab's, Pillow, and Chromium or Chrome.
"""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
DIAGNOSES = HERE.parent.parent / "tests" / "unit" / "core" / "regenerate.py"
PICTURES = [
    ("permission-denied", "light"),
    ("permission-denied", "dark"),
    ("workspace-required", "light"),
    ("workspace-required", "dark"),
]
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome"]
WIDTH = 960
MARGIN = 12
# Few colours make a small file; fewer would make rough letters.
COLOURS = 64
# The page measures itself, because the picture must be as tall as the page.
MEASURE = "<script>document.documentElement.dataset.height = document.querySelector('main').scrollHeight</script>"


def page(html: str, theme: str) -> str:
    """Return the page of a notebook with one cell that shows a diagnosis."""
    from nbconvert import HTMLExporter
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    result = new_output("execute_result", {"text/html": html}, execution_count=1)
    cell = new_code_cell("e.diagnosis", execution_count=1, outputs=[result])
    exporter = HTMLExporter(template_name="lab", theme=theme, mathjax_url="", require_js_url="")
    shown, _ = exporter.from_notebook_node(new_notebook(cells=[cell]))
    return shown.replace("</body>", f"<style>main {{ padding: 8px 16px 8px 0 !important; }}</style>{MEASURE}</body>")


def take(browser: str, shown: str, picture: Path) -> None:
    """Take a picture of a page at its full height."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        address = Path(folder, "page.html")
        address.write_text(shown, encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]

        def run_browser(*options: str) -> str:
            arguments = [*command, *options, address.as_uri()]
            # The browser is one of BROWSERS, and the page is this script's own.
            return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout  # noqa: S603

        dom = run_browser("--dump-dom", f"--window-size={WIDTH},100")
        height = re.search(r'data-height="(\d+)"', dom)
        if height is None:
            sys.exit(f"{browser} did not measure the page")
        run_browser(f"--screenshot={folder}/picture.png", f"--window-size={WIDTH},{int(height[1]) + MARGIN}")
        with Image.open(f"{folder}/picture.png") as photograph:
            photograph.convert("RGB").quantize(COLOURS).save(picture, optimize=True)


def main() -> None:
    """Take all pictures."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"No browser to take pictures with; looked for {', '.join(BROWSERS)}.")
    diagnoses = runpy.run_path(str(DIAGNOSES))["diagnoses"]()
    for cause, theme in PICTURES:
        picture = HERE / f"{cause}-{theme}.png"
        take(browser, page(diagnoses[cause]._repr_html_(), theme), picture)
        print(f"{picture.name}: {picture.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
