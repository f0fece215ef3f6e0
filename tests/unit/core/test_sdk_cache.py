"""What the SDK has cached of the environment is read without a call, which would cache."""

from __future__ import annotations

import functools
import gc
import sys
import threading
from types import SimpleNamespace

import langsmith.utils
import pytest

from safe_langsmith._sdk.compat import cached_variables

look_up, look_up_project = langsmith.utils.get_env_var, langsmith.utils.get_tracer_project


@pytest.fixture(autouse=True)
def nothing_cached():
    look_up.cache_clear()
    look_up_project.cache_clear()
    yield
    look_up.cache_clear()
    look_up_project.cache_clear()


def test_nothing_is_cached_at_first():
    assert cached_variables() == {}


def test_the_cache_is_told_and_not_the_environment(monkeypatch):
    monkeypatch.setenv("LANGSMITH_PROJECT", "p1")
    monkeypatch.setenv("LANGCHAIN_API_KEY", "k1")
    look_up("PROJECT")
    look_up("API_KEY", default=None)
    look_up("TRACING_V2", default="")
    look_up("ENDPOINT", "e1")
    look_up(name="WORKSPACE_ID", default="w1")
    monkeypatch.setenv("LANGSMITH_PROJECT", "p2")
    assert cached_variables() == {
        "PROJECT": "p1",
        "API_KEY": "k1",
        "TRACING_V2": "",
        "ENDPOINT": "e1",
        "WORKSPACE_ID": "w1",
    }


@pytest.mark.parametrize("default_first", [True, False])
def test_a_result_that_is_no_default_wins(monkeypatch, default_first):
    def look_up_default():
        monkeypatch.delenv("LANGSMITH_PROJECT", raising=False)
        look_up("PROJECT", default="default")

    if default_first:
        look_up_default()
    monkeypatch.setenv("LANGSMITH_PROJECT", "p1")
    look_up("PROJECT")
    if not default_first:
        look_up_default()
    assert cached_variables()["PROJECT"] == "p1"


def test_other_namespaces_are_passed_over(monkeypatch):
    monkeypatch.setenv("OTHER_PROJECT", "p1")
    look_up("PROJECT", namespaces=("OTHER",))
    assert cached_variables() == {}
    look_up("PROJECT", namespaces=("LANGSMITH", "LANGCHAIN"), default="d1")
    assert cached_variables() == {"PROJECT": "d1"}


@pytest.mark.parametrize("given", [(), (False,)])
def test_the_project_of_the_tracer_is_told(monkeypatch, given):
    monkeypatch.setenv("LANGCHAIN_SESSION", "p1")
    look_up_project(*given)
    monkeypatch.setenv("LANGCHAIN_SESSION", "p2")
    assert cached_variables() == {"PROJECT": "p1", "SESSION": "p1", "TRACER_PROJECT": "p1"}


def test_a_tracer_without_a_project_is_told():
    look_up_project(return_default_value=False)
    assert cached_variables() == {"PROJECT": None, "SESSION": None, "TRACER_PROJECT": None}


def test_a_result_may_be_the_same_object_as_a_key(monkeypatch):
    names = ["PROJECT", "SESSION", "ENDPOINT"]
    for name, value in zip(names, names[1:] + names[:1], strict=True):
        look_up(name, value)
        look_up(name + "_2", default=value)
    look_up("NAME")
    monkeypatch.setenv("LANGSMITH_OTHER", "NAME")
    look_up("OTHER")
    assert cached_variables() == {
        "PROJECT": "SESSION",
        "PROJECT_2": "SESSION",
        "SESSION": "ENDPOINT",
        "SESSION_2": "ENDPOINT",
        "ENDPOINT": "PROJECT",
        "ENDPOINT_2": "PROJECT",
        "NAME": None,
        "OTHER": "NAME",
    }


def test_reading_changes_nothing(monkeypatch):
    monkeypatch.setenv("LANGSMITH_PROJECT", "p1")
    look_up("PROJECT")
    look_up_project()
    before = [(cached.cache_info(), gc.get_referents(cached)) for cached in (look_up, look_up_project)]
    first = cached_variables()
    assert cached_variables() == first
    assert [(cached.cache_info(), gc.get_referents(cached)) for cached in (look_up, look_up_project)] == before


def test_a_full_cache_is_told():
    for number in range(250):
        look_up(f"NAME_{number}", default=str(number))
    assert cached_variables() == {f"NAME_{number}": str(number) for number in range(150, 250)}


def test_it_is_told_while_other_threads_look_up():
    done = threading.Event()

    def look_up_all_the_time():
        while not done.is_set():
            for number in range(200):
                look_up(f"NAME_{number}", default=f"value {number}")

    look_up("NAME_0", default="value 0")
    threads = [threading.Thread(target=look_up_all_the_time) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(300):
            found = cached_variables()
            assert found
            assert all(result == f"value {name[5:]}" for name, result in found.items())
    finally:
        done.set()
        for thread in threads:
            thread.join()


class Raising:
    @property
    def get_env_var(self):
        raise RuntimeError


FOREIGN = [
    None,
    7,
    {},
    {"PROJECT": "p1"},
    lambda name: name,
    functools.cache(lambda name: name),
    functools.lru_cache(lambda *a, **k: object()),
]


@pytest.mark.parametrize("foreign", FOREIGN, ids=lambda value: type(value).__name__)
def test_a_foreign_object_tells_nothing(monkeypatch, foreign):
    if isinstance(foreign, type(look_up)):
        foreign("PROJECT")
        foreign(7)
    with monkeypatch.context() as patch:
        patch.setattr(langsmith.utils, "get_env_var", foreign)
        patch.setattr(langsmith.utils, "get_tracer_project", foreign)
        assert cached_variables() == {}


@pytest.mark.parametrize("module", [Raising(), SimpleNamespace(), None])
def test_another_module_in_its_place_tells_nothing(monkeypatch, module):
    monkeypatch.setitem(sys.modules, "langsmith.utils", module)
    assert cached_variables() == {}


def test_an_sdk_that_is_not_loaded_stays_so(monkeypatch):
    monkeypatch.delitem(sys.modules, "langsmith.utils")
    assert cached_variables() == {}
    assert "langsmith.utils" not in sys.modules
