"""The examples of the documentation, a page at a time."""

from __future__ import annotations

import pytest

from .pages import ROOT, pages

# Warnings inside these packages are not about this library.
PACKAGES = ("langchain_core", "langgraph", "pydantic", "starlette", "fastapi", "sentry_sdk", "opentelemetry")
pytestmark = [
    pytest.mark.slow,
    *[pytest.mark.filterwarnings(f"ignore:::{package}.*") for package in PACKAGES],
]


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_of(path, run_page):
    run_page(path)
