"""A refusal costs the same however many workspaces the key reaches: their listing is read and indexed once."""

from __future__ import annotations

import gc
import sys
import uuid
from contextlib import nullcontext

import pytest

from safe_langsmith import ForbiddenDiagnosis

FEW, MANY = 10, 3000


class Instructions:
    """Counts the bytecode instructions that this thread runs: unlike time, they do not depend on other processes."""

    def __init__(self):
        self.count = 0

    def __enter__(self):
        # A collection runs the finalizers of other tests' clients, whose instructions would be counted.
        gc.disable()
        self._before = sys.gettrace()
        sys.settrace(self._enter)
        return self

    def __exit__(self, *args):
        sys.settrace(self._before)
        gc.enable()

    def _enter(self, frame, event, arg):
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._at

    def _at(self, frame, event, arg):
        self.count += event == "opcode"
        return self._at


def another_path(number):
    return "PATCH", f"/sessions/{uuid.UUID(int=number)}", {"json": {}}


def another_method(number):
    return ("POST", "PATCH", "DELETE")[number % 3], f"/datasets/{uuid.UUID(int=number)}", {}


def another_body(number):
    return "POST", "/datasets", {"json": {"name": f"dataset {number}"}}


def another_batch(number):
    return "POST", "/runs/batch", {"json": {"post": [], "patch": [], "number": number}}


def user(role_elsewhere):
    def add_key(org, workspaces):
        elsewhere = dict.fromkeys(workspaces[1:], role_elsewhere)
        return org.add_personal_key(default=workspaces[0], role="Viewer", roles=elsewhere)

    return add_key


KEYS = {
    "a viewer everywhere": user("Viewer"),
    "an admin elsewhere": user("Admin"),
    "a key that needs a workspace": lambda org, workspaces: org.add_service_key(workspaces=None),
}


@pytest.mark.parametrize("refused", [another_path, another_method, another_body, another_batch])
@pytest.mark.parametrize("key", KEYS)
def test_a_refusal_costs_the_same_for_many_workspaces(key, refused, make_server, make_client):
    assert_same_cost(key, refused, make_server, make_client)


@pytest.mark.parametrize(
    "named", ["W7", "Elsewhere", str(uuid.UUID(int=7)), f"https://example.com/o/{uuid.UUID(int=7)}"]
)
@pytest.mark.parametrize("key", KEYS)
def test_it_does_if_a_variable_that_is_not_read_names_a_workspace(key, named, make_server, make_client, monkeypatch):
    monkeypatch.setenv("LANGSMITH_TENANT_ID", named)
    assert_same_cost(key, another_path, make_server, make_client)


def assert_same_cost(key, refused, make_server, make_client):
    costs = {}
    for number in (FEW, MANY):
        server = make_server()
        org = server.add_organization("Acme")
        client = make_client(server, KEYS[key](org, [org.add_workspace(f"W{n}") for n in range(number)]))
        for attempt in range(3):
            method, path, arguments = refused(attempt)
            # The first refusal sends the probes. The last one counts: Python 3.12 misses instructions of code that is
            # traced for the first time.
            ran = Instructions() if attempt else nullcontext()
            with ran, pytest.raises(ForbiddenDiagnosis) as caught:
                client.request_with_retries(method, path, **arguments)
            with ran:
                str(caught.value)
            assert len(caught.value.workspaces) == number
        costs[number] = ran.count

    # The random digits of keys and ids move the count by up to 3 %. Calling a function for each workspace would move it
    # by 10 % or more.
    assert costs[MANY] < 1.06 * costs[FEW], costs
