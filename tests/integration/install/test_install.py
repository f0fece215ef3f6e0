"""What the process that calls `install` sees: its own clients, and the SDK's classes before, between and after."""

from __future__ import annotations

import asyncio
import copy
import inspect
import logging
import subprocess
import sys
import threading
from unittest import mock

import langsmith
import pytest
from langsmith import Client, run_trees
from langsmith.async_client import AsyncClient

import safe_langsmith
from safe_langsmith import ForbiddenDiagnosis, SafeAsyncClient, SafeClient
from safe_langsmith.testing import Organization

SDK_CLASSES = [Client, AsyncClient]


@pytest.fixture(autouse=True)
def process_as_before(monkeypatch):
    monkeypatch.setattr(run_trees, "_CLIENT", None)
    yield
    safe_langsmith.uninstall()


@pytest.fixture
def configured(server, key, monkeypatch):
    """An environment with a key that has to name its workspace."""
    monkeypatch.setenv("LANGSMITH_ENDPOINT", server.url)
    monkeypatch.setenv("LANGSMITH_API_KEY", key)
    langsmith.utils.get_env_var.cache_clear()


def make(kind=Client, **kwargs):
    if issubclass(kind, AsyncClient):
        return kind(api_url="http://127.0.0.1:9", api_key="none", **kwargs)
    return kind(api_url="http://127.0.0.1:9", api_key="none", auto_batch_tracing=False, **kwargs)


PROGRAM = """
import sys, threading
import safe_langsmith
if {first}:
    safe_langsmith.install()
importing = threading.Thread(target=lambda: __import__("langsmith.client"))
importing.start()
while importing.is_alive() and not (not {first} and "langsmith.client" in sys.modules):
    {meanwhile}
safe_langsmith.install()
importing.join()
import langsmith
print(type(langsmith.Client(api_key="x", auto_batch_tracing=False)).__name__)
"""


@pytest.mark.parametrize(
    ("first", "meanwhile"), [(True, "safe_langsmith.install()"), (False, "pass")], ids=["again and again", "once"]
)
def test_another_thread_imports_the_sdk_meanwhile(first, meanwhile):
    """It holds the lock of that import, and its module may not have the class yet."""
    program = PROGRAM.format(first=first, meanwhile=meanwhile)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert ended.stdout == "SafeClient\n"


def test_a_client_that_is_made_as_the_sdks_retries(configured, server, workspace):
    safe_langsmith.install()
    client = langsmith.Client(auto_batch_tracing=False)

    assert list(client.list_projects()) == []
    assert client.workspace_id == workspace.id
    assert [r.status for r in server.requests if r.path == "/sessions"] == [403, 200]


def test_a_client_that_is_made_as_the_sdks_explains(server, org: Organization, workspace):
    safe_langsmith.install()
    viewer = org.add_personal_key(default=workspace, role="Viewer")
    client = Client(server.url, api_key=viewer, auto_batch_tracing=False)

    with pytest.raises(ForbiddenDiagnosis, match="projects:create"):
        client.create_project("p")


def test_an_asynchronous_client_that_is_made_as_the_sdks_explains(server, org: Organization, workspace):
    safe_langsmith.install()
    viewer = org.add_personal_key(default=workspace, role="Viewer")

    async def create():
        async with langsmith.AsyncClient(server.url, viewer) as client:
            await client.create_project("p")

    with pytest.raises(ForbiddenDiagnosis, match="projects:create"):
        asyncio.run(create())


@pytest.mark.parametrize(("kind", "safe"), [(Client, SafeClient), (AsyncClient, SafeAsyncClient)])
def test_the_class_stays_what_it_is_to_everybody_who_has_taken_it(kind, safe):
    signature, members = inspect.signature(kind), dir(kind)
    plain = make(kind)
    safe_langsmith.install()

    def held(kind=kind, /):
        return make(kind)

    assert type(held()) is safe
    assert getattr(langsmith, kind.__name__) is kind
    assert isinstance(plain, kind)
    assert type(plain) is kind
    assert inspect.signature(kind) == signature
    assert dir(kind) == members


@pytest.mark.parametrize("kind", SDK_CLASSES)
def test_a_constructor_runs_once(kind, monkeypatch):
    ran = []
    theirs = kind.__init__

    def init(self, *args, **kwargs):
        ran.append(self)
        theirs(self, *args, **kwargs)

    monkeypatch.setattr(kind, "__init__", init)
    safe_langsmith.install()
    client = make(kind)

    assert [one is client for one in ran] == [True]


@pytest.mark.parametrize(("kind", "safe"), [(Client, SafeClient), (AsyncClient, SafeAsyncClient)])
def test_after_uninstalling_the_sdk_makes_its_own_and_ours_stay_safe(kind, safe, monkeypatch):
    path, names = list(sys.meta_path), vars(run_trees).copy()
    safe_langsmith.install()
    safe_langsmith.install()
    made_between = make(kind)
    safe_langsmith.uninstall()
    safe_langsmith.uninstall()

    assert type(make(kind)) is kind
    assert type(made_between) is safe
    assert type(make(safe)) is safe
    assert sys.meta_path == path
    assert {name: value for name, value in vars(run_trees).items() if names.get(name) is not value} == {}
    with pytest.raises(TypeError, match="unexpected keyword"):
        make(kind, nonsense=1)


def test_what_others_do_with_the_sdks_class_has_its_effect(monkeypatch):
    safe_langsmith.install()

    with mock.patch("langsmith.Client") as double:
        assert langsmith.Client() is double.return_value
    with mock.patch.object(Client, "request_with_retries", return_value="patched"):
        assert make().request_with_retries("GET", "/info") == "patched"
    assert mock.create_autospec(Client)(api_key="none").list_projects.return_value


class Base:
    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        made.given = (args, kwargs)
        return made


class OfUsers(Client):
    def __init__(self, name):
        make_init = super().__init__
        make_init("http://127.0.0.1:9", api_key="none", auto_batch_tracing=False)
        self.name = name


class WithABase(Client, Base):
    pass


@pytest.mark.parametrize("moment", ["while it is installed", "afterwards"])
def test_a_subclass_of_a_users_is_made_as_before(moment):
    safe_langsmith.install()
    if moment == "afterwards":
        safe_langsmith.uninstall()

    assert type(OfUsers("one")) is OfUsers
    assert OfUsers(name="one").name == "one"
    assert make(WithABase).given == (
        (),
        {"api_url": "http://127.0.0.1:9", "api_key": "none", "auto_batch_tracing": False},
    )


def test_a_copy_of_an_earlier_client_works(server, org: Organization, workspace):
    viewer = org.add_personal_key(default=workspace, role="Viewer")
    earlier = Client(server.url, api_key=viewer, auto_batch_tracing=False)
    safe_langsmith.install()
    copied = copy.copy(earlier)

    assert list(copied.list_projects()) == list(earlier.list_projects()) == []
    assert copied.api_key == viewer


def test_a_client_that_exists_stays_the_sdks_and_one_line_says_so(caplog):
    shared = run_trees._CLIENT = make()
    safe_langsmith.install()

    assert run_trees.get_cached_client() is shared
    assert type(shared) is Client
    (record,) = [record for record in caplog.records if record.name == "safe_langsmith"]
    assert record.levelno == logging.WARNING
    assert "Call install() earlier" in record.getMessage()


def test_the_client_that_all_share_is_a_safe_one(configured):
    safe_langsmith.install()

    assert type(run_trees.get_cached_client(auto_batch_tracing=False)) is SafeClient


def test_the_last_options_count(server, org: Organization, key, tmp_path):
    safe_langsmith.install()
    safe_langsmith.install(resolve_workspace=False, dotenv_path=tmp_path / "some.env")
    client = Client(server.url, api_key=key, auto_batch_tracing=False)
    with pytest.raises(ForbiddenDiagnosis):
        list(client.list_projects())
    assert [r.path for r in server.requests].count("/sessions") == 1

    safe_langsmith.install(probe=False)
    server.clear_requests()
    with pytest.raises(ForbiddenDiagnosis):
        Client(server.url, api_key=org.add_service_key(workspaces=None), auto_batch_tracing=False).create_project("p")
    assert [r.path for r in server.requests if r.path not in ("/sessions", "/info")] == []


def test_options_of_a_safe_client_are_its_own(server, key):
    safe_langsmith.install(resolve_workspace=False)

    assert list(SafeClient(server.url, api_key=key, auto_batch_tracing=False).list_projects()) == []


def test_the_line_to_copy_fits_a_program_that_does_not_name_a_safe_client(configured, org: Organization, workspace):
    org.add_workspace("Support")
    safe_langsmith.install()
    with pytest.raises(ForbiddenDiagnosis) as caught:
        list(Client(auto_batch_tracing=False).list_projects())

    assert str(caught.value.fixes[0].code).startswith(f"LANGSMITH_WORKSPACE_ID={workspace.id}")
    assert not [fix for fix in caught.value.fixes if "SafeClient" in str(fix.code)]


def test_options_are_checked_at_once():
    with pytest.raises(TypeError, match="resolve_workspace must be a bool or a callable, not str"):
        safe_langsmith.install(resolve_workspace="Research")

    assert type(make()) is Client


@pytest.mark.parametrize("kind", SDK_CLASSES)
def test_if_this_library_fails_the_caller_gets_the_sdks_client(kind, monkeypatch):
    safe_langsmith.install()
    monkeypatch.setitem(sys.modules, f"safe_langsmith.{'async_' if kind is AsyncClient else ''}client", None)

    assert type(make(kind)) is kind


def test_threads_that_install_and_uninstall_meanwhile_get_clients(monkeypatch):
    stop, failed = threading.Event(), []

    def create():
        try:
            while not stop.is_set():
                assert type(make()) in (Client, SafeClient)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=create) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        safe_langsmith.install()
        safe_langsmith.uninstall()
    stop.set()
    for thread in threads:
        thread.join()

    assert failed == []


def test_a_key_is_in_no_frame_of_ours_if_the_sdk_refuses_the_arguments(canary):
    safe_langsmith.install()
    with pytest.raises(TypeError) as caught:
        Client(api_key=f"lsv2_pt_{canary}", nonsense=1)

    frames = [step for step in caught.traceback if "safe_langsmith" in str(step.path)]
    assert frames
    # The client itself holds nothing yet, and has no repr.
    assert canary not in repr([{**step.frame.f_locals, "self": None} for step in frames])
