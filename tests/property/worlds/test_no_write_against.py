"""Whatever this machine names, in whichever places: nothing is sent again into another workspace."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_langsmith import ForbiddenDiagnosis, SafeClient

from ...support.gateway import Gateway
from ...support.internals import forget_everything

IDS = [f"{digit * 8}-aaaa-4aaa-8aaa-{digit * 12}" for digit in "123"]
KEY = "lsv2_sk_c0ffeec0ffee0123456789abcdef0123_0123456789"
UNREAD = ["LANGSMITH_TENANT_ID", "LANGCHAIN_TENANT_ID", "LANGSMITH_WORKSPACE", "langsmith_tenant_id"]
READ = ["LANGSMITH_WORKSPACE_ID", "LANGCHAIN_WORKSPACE_ID"]
# Values that name no workspace, or one in another spelling.
OTHERS = ["", "your-workspace-id", IDS[0].upper(), f"https://smith.langchain.com/o/{IDS[1]}/settings", f" {IDS[2]} "]

places = st.dictionaries(st.sampled_from(UNREAD), st.sampled_from(IDS + OTHERS), max_size=2)
lines = st.dictionaries(st.sampled_from(UNREAD[:3] + READ), st.sampled_from(IDS + OTHERS), max_size=2)


def named_in(values):
    """Returns the workspaces that texts name."""
    return {id_ for value in values for id_ in IDS if id_ in value.lower()}


@pytest.fixture(scope="module")
def gateway():
    gateway = Gateway({}, lambda headers, query: "caller")
    yield gateway
    gateway.close()


@given(
    variables=places,
    dotenv=lines,
    reached=st.lists(st.sampled_from(IDS), unique=True, max_size=3),
    choice=st.sampled_from([True, *IDS]),
    known=st.booleans(),
)
def test_nothing_is_sent_again_against_what_is_named(variables, dotenv, reached, choice, known, gateway):
    gateway.reaches["caller"] = tuple(reached)
    forget_everything()
    resolve = choice if choice is True else lambda workspaces: choice

    def client():
        return SafeClient(api_url=gateway.url, api_key=KEY, auto_batch_tracing=False, resolve_workspace=resolve)

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.chdir(folder)
        if known and len(reached) == 1 and choice is True:
            # Another client of the process has found the workspace.
            finder = client()
            list(finder.list_projects())
            finder.session.close()
        for name, value in variables.items():
            patch.setenv(name, value)
        Path(".env").write_text("".join(f'{name}="{value}"\n' for name, value in dotenv.items()))
        gateway.received.clear()
        made = client()
        try:
            made.request_with_retries("POST", "/things", json={})
        except ForbiddenDiagnosis:
            pass
        finally:
            made.session.close()
            patch.chdir(os.sep)

    again = [request.workspace for request in gateway.calls if request.workspace]
    assert len(again) <= 1
    assert named_in([*variables.values(), *dotenv.values()]) <= set(again) or not again
