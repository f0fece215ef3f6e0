"""Take the pictures in this folder again: `PYTHONPATH=. python docs/images/take.py`.

This needs nbconvert, whose pages look like JupyterLab's, Pillow, and Chromium or Chrome.
"""

from __future__ import annotations

import io
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DIAGNOSES = HERE.parent.parent / "tests" / "unit" / "core" / "regenerate.py"
THEMES = ("light", "dark")
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome"]
WIDTH = 960
MARGIN = 12
# Few colours make a small file; fewer would make rough letters.
COLOURS = 32
# The page measures itself, because the picture must be as tall as the page.
MEASURE = "<script>document.documentElement.dataset.height = document.querySelector('main').scrollHeight</script>"
SDK_MESSAGE = (
    "This API key is org-scoped and requires workspace specification. Please provide 'workspace_id' parameter, "
    "or set LANGSMITH_WORKSPACE_ID environment variable."
)
# The colours of a terminal on light and on dark, by the codes that the command line prints.
_INKS = {"31": ("#b3261e", "#ff8a80"), "32": ("#1b7f37", "#7ee2a8"), "33": ("#8a5a00", "#ffd479")}
_INKS |= {"36": ("#0b6e8a", "#7fd6f0"), "2": ("#6b6b6b", "#9a9a9a")}
_PAPERS = (("#ffffff", "#1f1f1f"), ("#1e1e1e", "#e6e6e6"))


def cell(source: str, output: Any, theme: str) -> str:
    """Return the page of a notebook with one cell and its output."""
    from nbconvert import HTMLExporter
    from nbformat.v4 import new_code_cell, new_notebook

    shown = new_code_cell(source, execution_count=1, outputs=[output])
    exporter = HTMLExporter(template_name="lab", theme=theme, mathjax_url="", require_js_url="")
    html, _ = exporter.from_notebook_node(new_notebook(cells=[shown]))
    return html.replace("</body>", f"<style>main {{ padding: 8px 16px 8px 0 !important; }}</style>{MEASURE}</body>")


def card(theme: str) -> str:
    """Return the page of a notebook that shows a diagnosis."""
    from nbformat.v4 import new_output

    html = examples()["workspace-required"]._repr_html_()
    return cell("e.diagnosis", new_output("execute_result", {"text/html": html}, execution_count=1), theme)


def error(theme: str) -> str:
    """Return the page of a notebook in which a refusal was not caught."""
    from nbformat.v4 import new_output

    from safe_langsmith import ForbiddenDiagnosis

    raised = ForbiddenDiagnosis(examples()["workspace-required"], SDK_MESSAGE)
    source = "list(client.list_projects())"
    lines = [f"line 1: {source}", *raised._render_traceback_()]
    output = new_output("error", ename="ForbiddenDiagnosis", evalue=str(raised), traceback=lines)
    return cell(source, output, theme)


def terminal(theme: str) -> str:
    """Return the page of a terminal of 80 columns after the command line has checked a key for two workspaces."""
    paper, ink = _PAPERS[THEMES.index(theme)]
    style = f"background: {paper}; color: {ink}; margin: 0; padding: 12px 16px; font: 14px/1.35 monospace; width: 80ch"
    body = _in_html(_checked(), THEMES.index(theme))
    return f'<html><body style="margin: 0; background: {paper}"><main><pre style="{style}">{body}</pre></main>{MEASURE}'


def examples() -> Any:
    """Return the example of each cause."""
    return runpy.run_path(str(DIAGNOSES))["diagnoses"]()


def _checked() -> str:
    """Return what the command line prints on a terminal for a key that serves two workspaces."""
    from safe_langsmith._cli.main import main
    from safe_langsmith.testing import FakeLangSmith

    with FakeLangSmith() as server, redirect_stdout(_Terminal()) as screen:
        acme = server.add_organization("Acme")
        acme.add_workspace("Research")
        acme.add_workspace("Support")
        variables = {"LANGSMITH_API_KEY": acme.add_service_key(workspaces=None), "LANGSMITH_ENDPOINT": server.url}
        os.environ.update(variables, COLUMNS="80", TERM="xterm")
        main([])
    return f"$ python -m safe_langsmith\n{screen.getvalue()}"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _in_html(text: str, theme: int) -> str:
    """Return text with the codes of a terminal as HTML."""

    def span(found: re.Match[str]) -> str:
        codes = found[1].split(";")
        inks = [f"color: {_INKS[code][theme]}" for code in codes if code in _INKS]
        style = "; ".join([*inks, *(["font-weight: bold"] if "1" in codes else [])])
        return f'<span style="{style}">{found[2]}</span>'

    return re.sub("(?s)\x1b\\[([0-9;]+)m(.*?)\x1b\\[0m", span, escape(text, quote=False))


def take(browser: str, shown: str, picture: Path, width: int) -> None:
    """Take a picture of a page at its full height."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        address = Path(folder, "page.html")
        address.write_text(shown, encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={folder}/profile"]

        def run_browser(*options: str) -> str:
            arguments = [*command, *options, address.as_uri()]
            # The browser is one of BROWSERS, and the page is this script's own.
            return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout  # noqa: S603 # ours

        dom = run_browser("--dump-dom", f"--window-size={width},100")
        height = re.search(r'data-height="(\d+)"', dom)
        if height is None:
            sys.exit(f"{browser} did not measure the page")
        run_browser(f"--screenshot={folder}/picture.png", f"--window-size={width},{int(height[1]) + MARGIN}")
        with Image.open(f"{folder}/picture.png") as photograph:
            photograph.convert("RGB").quantize(COLOURS).save(picture, optimize=True)


def main() -> None:
    """Take all pictures."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"No browser to take pictures with; looked for {', '.join(BROWSERS)}.")
    for name, page, width in (("card", card, WIDTH), ("error", error, WIDTH), ("terminal", terminal, 740)):
        for theme in THEMES:
            picture = HERE / f"{name}-{theme}.png"
            take(browser, page(theme), picture, width)
            print(f"{picture.name}: {picture.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
