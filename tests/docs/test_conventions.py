"""The pages rely on this: a failing example is a failing test, and visible blocks see only a reader's names."""

from __future__ import annotations

import os
import textwrap

import pytest
from langsmith import run_trees
from langsmith.utils import get_env_var


@pytest.fixture
def page(tmp_path, run_page):
    def page(text):
        path = tmp_path / "page.md"
        path.write_text("# Page\n\n" + textwrap.dedent(text), encoding="utf-8")
        run_page(path)

    return page


def test_an_example_that_fails_is_shown_with_its_line(page):
    with pytest.raises(ZeroDivisionError) as caught:
        page("""
            ```python
            x = 1
            x / 0
            ```
        """)
    assert (caught.traceback[-1].path.name, caught.traceback[-1].lineno + 1) == ("page.md", 6)


def test_blocks_share_a_namespace_and_may_await(page):
    page("""
        ```python
        import asyncio
        x = 1
        ```
        ```python
        await asyncio.sleep(0)
        assert x == 1
        ```
    """)


def test_a_visible_block_has_only_what_a_reader_has(page):
    with pytest.raises(NameError, match="viewer_key"):
        page("""
            <!-- invisible-code-block: python
            use(viewer_key)
            -->
            ```python
            viewer_key
            ```
        """)


def test_what_an_invisible_block_assigns_is_there_for_all(page):
    page("""
        <!-- invisible-code-block: python
        url, server = server.url, "mine"
        -->
        ```python
        assert url.startswith("http://127.0.0.1")
        assert server == "mine"
        ```
    """)


@pytest.mark.parametrize("mark", ["<!-- skip: next -->", '<!-- skip: next "needs an account" -->'])
def test_what_is_skipped_is_one_block(mark, page):
    with pytest.raises(ZeroDivisionError):
        page(f"""
            {mark}
            ```python
            raise SystemExit
            ```
            ```python
            1 / 0
            ```
        """)


class TestAfterAPage:
    @pytest.fixture(autouse=True)
    def nothing_is_left(self):
        yield
        assert "LANGSMITH_API_KEY" not in os.environ
        assert get_env_var("ENDPOINT") is None
        assert run_trees._CLIENT is None

    def test_nothing_that_it_configured_is_left(self, page):
        page("""
            ```python
            import langsmith
            from safe_langsmith import SafeClient

            langsmith.configure(client=SafeClient())
            ```
            <!-- invisible-code-block: python
            assert langsmith.run_trees.get_cached_client().api_url == server.url
            -->
        """)
