"""Without a private name of the SDK, users are never worse off than with the SDK's own client."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from safe_langsmith._sdk.bypasses import bypasses_in_use

from ...support.thinning import every
from .conftest import Play
from .situations import IN_THE_BACKGROUND, OF_ASYNC_CLIENT, OF_CLIENT, Situation
from .table import NAMES, Name

# A sandbox client is on no call path.
RENAMED = [name for name in NAMES if name.is_expected and name.place != "sandbox client"]
GONE = [name for name in RENAMED if not name.place.startswith(("requests.", "urllib3.", "modules "))]
# Where the SDK itself fails, what fails first tells enough.
ENOUGH = (
    "a_call_that_succeeds a_call_that_the_role_does_not_allow a_workspace_that_nobody_named another_key_for_a_client "
    "deleting_for_good tracing_without_a_workspace copying pickling generated_call_of_viewer "
    "asynchronous_generated_call_of_unnamed asynchronous_call_of_viewer asynchronous_call_of_unnamed "
    "generated_call_of_unnamed_beside_asynchronous_ones"
).split()


def situations_of(name: Name) -> dict[str, Situation]:
    of_client = OF_CLIENT | IN_THE_BACKGROUND if name.place != "AsyncClient" else {}
    of_async_client = OF_ASYNC_CLIENT if name.place in ("AsyncClient", "generated client") else {}
    return of_client | of_async_client


@pytest.mark.parametrize("name", every(3, RENAMED), ids=str)
def test_what_is_renamed_costs_nothing_but_what_this_library_adds(name: Name, play: Play):
    for title, situation in situations_of(name).items():
        came, usual = play(situation, True, name, "renamed"), play.usual(situation)
        allowed = {usual, play.sdks(situation)} if "the SDK's own" in name.loss else {usual}
        assert came in allowed, f"{title}: without {name} it is {came}, not {' or '.join(sorted(allowed))}"


@pytest.mark.parametrize("name", every(3, GONE), ids=str)
def test_what_the_sdk_itself_lacks_fails_as_with_the_sdk(name: Name, play: Play):
    for title, situation in situations_of(name).items():
        if title in ENOUGH:
            came, sdks = (play(situation, safe, name, "gone") for safe in (True, False))
            # A retried call goes on, as that of a client with a workspace does, and may fail later.
            further = play(situation, False, name, "gone", named=True)
            usual = play.usual(situation)
            assert came in (usual, sdks, further), f"{title}: without {name} it is {came}, not the SDK's {sdks}"


class SandboxClient:
    """Keeps its headers where this library does not look."""

    def __init__(self) -> None:
        self.transport = SimpleNamespace(headers={"x-tenant-id": "one"})


def test_nothing_is_claimed_about_a_sandbox_client_whose_headers_are_not_found(monkeypatch: pytest.MonkeyPatch):
    module: Any = SimpleNamespace(SandboxClient=SandboxClient)
    monkeypatch.setitem(sys.modules, "langsmith.sandbox", module)
    # Another test in this process may have imported it.
    monkeypatch.delitem(sys.modules, "langsmith.integrations.otel", raising=False)
    made = SandboxClient()

    (bypass,) = bypasses_in_use(object(), look_closely=True)

    assert made.transport.headers
    assert not bypass.is_certain
