"""Random programs: a client, calls of its public methods, and changes to it between the calls and during them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from random import Random
from typing import Any, NamedTuple

from langsmith import utils

from .arguments import COOKIE, IDS, USER, Arguments

VARIABLES = ("LANGSMITH_WORKSPACE_ID", "LANGSMITH_TENANT_ID", "LANGSMITH_API_KEY")


class Operation(NamedTuple):
    """A call. `call` gets what it is called on, and the arguments; the result may have to be awaited or iterated.

    Attributes:
        on: `client`, or a generated client: `sync api`, `async api`.
        kinds: The kinds of programs in which it can be: `sync`, `async`.
    """

    call: Callable[[Any, Arguments], Any]
    on: str = "client"
    kinds: tuple[str, ...] = ("sync", "async")


def _request(c: Any, a: Arguments) -> Any:
    more: dict[str, Any] = {"headers": headers} if (headers := a.headers()) else {}
    for name, make, often in (
        ("params", a.params, 0.5), ("data", a.body, 0.5), ("json", a.nested, 0.2), ("files", a.files, 0.2),
        ("auth", a.auth, 0.1), ("cookies", lambda: {"c": COOKIE}, 0.1), ("allow_redirects", lambda: False, 0.1),
    ):  # fmt: skip
        if a.random.random() < often:
            more[name] = make()
    if a.random.random() < 0.3:
        more = {"request_kwargs": a.keep(more)}
    if a.random.random() < 0.4:
        more["stop_after_attempt"] = a.random.choice((2, 3))
        more["handle_response"] = a.callback()
    if a.random.random() < 0.1:
        more["to_ignore"] = [a.random.choice((utils.LangSmithError, utils.LangSmithNotFoundError))]
        more["retry_on"] = [a.random.choice((utils.LangSmithError, utils.LangSmithConflictError))]
    method = a.random.choice(("GET", "POST", "PUT", "PATCH", "DELETE", "DELETE"))
    path = a.random.choice(("/examples", "/sessions", "datasets", f"/runs/{a.id()}", f"{a.player.elsewhere}/sessions"))
    return c.request_with_retries(method, path, **more)


def _arequest(c: Any, a: Arguments) -> Any:
    more: dict[str, Any] = {"headers": headers} if (headers := a.headers()) else {}
    for name, make, often in (
        ("params", a.plain_params, 0.4), ("content", a.content, 0.5), ("json", a.nested, 0.2), ("files", a.files, 0.2),
        ("data", lambda: a.any(a.nested, a.content), 0.1), ("auth", a.auth, 0.1), ("follow_redirects", a.true, 0.2),
    ):  # fmt: skip
        if a.random.random() < often:
            more[name] = make()
    if a.random.random() < 0.3 and not a.player.is_old:
        more["stop_after_attempt"] = a.random.choice((1, 2))
        more["retry_on"] = [utils.LangSmithNotFoundError]
    method = a.random.choice(("GET", "POST", "PUT", "PATCH", "DELETE"))
    path = a.random.choice(("/examples", "/sessions", f"/runs/{a.id()}", f"{a.player.elsewhere}/sessions"))
    return c._arequest_with_retries(method, path, **more)


def _generated(api: Any, a: Arguments) -> Any:
    options: dict[str, Any] = {"headers": headers} if (headers := a.headers()) else {}
    if a.random.random() < 0.4:
        options["params"] = {"a": a.number(), "list": [a.id(), a.id()]}
    options["max_retries"] = a.random.choice((0, 0, 2))
    if a.random.random() < 0.2:
        copied = a.random.choice(
            ({"api_key": a.key()}, {"default_headers": {"X-Gateway-User": USER}}, {"max_retries": 0})
        )
        a.player.brought |= {"x-api-key"} if "api_key" in copied else set()
        api = api.with_options(**copied)
    method = a.random.choice(("get", "post", "put", "patch", "delete"))
    body: dict[str, Any] = {}
    if method != "get":
        body = a.random.choice(({}, {"body": a.nested()}, {"content": a.content()}, {"content": a.content()}))
        if method != "delete" and a.random.random() < 0.2:
            body, options["headers"] = (
                {"files": a.files()},
                {**options.get("headers", {}), "Content-Type": "multipart/form-data"},
            )
        if method == "delete":
            body.pop("content", None)
    return getattr(api, method)(
        a.random.choice(("/v2/runs/query", "/api/v1/sessions", "v2/x")), cast_to=object, options=options, **body
    )


# Methods, and the methods of `Arguments` that draw their arguments. Those that the installed SDK lacks are left out.
BOTH = """
read_run(id) list_runs(project_id=id, limit=number) share_run(id) run_is_shared(id) read_run_shared_link(id)
create_run(name, nested, chain, id=id, project_name=one) update_run(id, outputs=nested)
create_project(name) read_project(project_id=id) read_project(project_name=name) delete_project(project_id=id)
delete_project(project_name=name) create_dataset(name) read_dataset(dataset_id=id) read_dataset(dataset_name=name)
delete_dataset(dataset_id=id) list_datasets() create_example(nested, outputs=nested, dataset_id=id) read_example(id)
list_examples(dataset_id=id) create_feedback(id, key=name, score=number, feedback_id=id) read_feedback(id)
list_feedback(run_ids=some) delete_feedback(id) create_presigned_feedback_token(id, name)
create_feedback_from_token(id, score=number) list_annotation_queues(name=name, limit=number)
create_annotation_queue(name=name) read_annotation_queue(id) update_annotation_queue(id, name=name)
delete_annotation_queue(id) add_runs_to_annotation_queue(id, run_ids=some)
delete_run_from_annotation_queue(id, run_id=id) get_run_from_annotation_queue(id, index=number)
list_runs_from_annotation_queue(id) list_feedback_configs() create_feedback_config(name, feedback_config=nested)
delete_feedback_config(name) like_prompt(prompt) unlike_prompt(prompt) list_prompts(limit=number) get_prompt(prompt)
create_prompt(one, tags=some) create_commit(prompt, nested) update_prompt(prompt, description=one, tags=some)
delete_prompt(prompt) pull_prompt_commit(prompt) list_prompt_commits(one, limit=number) push_prompt(one, tags=some)
list_agents() agent_exists(one)
"""
SYNC = """
list_projects(limit=number, metadata=nested) has_project(name) update_project(id, name=name, end_time=when)
get_run_stats(project_ids=some) unshare_run(id) read_shared_run(id) list_shared_runs(id, run_ids=some)
share_dataset(id) unshare_dataset(id) read_dataset_shared_schema(id) read_shared_dataset(id)
list_shared_examples(id, limit=number) has_dataset(dataset_id=id)
diff_dataset_versions(id, from_version=one, to_version=name) update_dataset_tag(dataset_id=id, as_of=when, tag=one)
list_dataset_versions(dataset_id=id, limit=number) read_dataset_version(dataset_id=id, tag=one)
upload_csv(upload, names, names) create_examples(dataset_id=id, examples=examples)
upload_examples_multipart(dataset_id=id, uploads=creations) update_examples_multipart(dataset_id=id, updates=updates)
update_example(id, inputs=nested) update_examples(example_ids=some, inputs=two) delete_example(id)
delete_examples(ids) delete_examples(ids, hard_delete=true) list_dataset_splits(dataset_id=id)
update_dataset_splits(dataset_id=id, split_name=one, example_ids=some) update_feedback(id, score=number)
create_presigned_feedback_tokens(id, names) list_presigned_feedback_tokens(id) list_feedback_formulas(dataset_id=id)
get_feedback_formula_by_id(id) delete_feedback_formula(id) batch_ingest_runs(create=runs, update=nothing)
multipart_ingest(create=runs, update=nothing) create_comparative_experiment(one, some)
"""
GENERATED = """
runs.query_v2(project_ids=some, page_size=number) runs.retrieve_v2(id, project_id=id, start_time=when)
datasets.list_v2() annotation_queues.retrieve(id) annotation_queues.update(id, name=name)
annotation_queues.delete(id) annotation_queues.populate(queue_id=id, session_ids=some) agents.list()
annotation_queues.with_raw_response.retrieve(id)
"""


def _calls(table: str) -> dict[str, Callable[[Any, Arguments], Any]]:
    """Return the calls of a table."""
    return {
        row: partial(_call, path, drawn.split(", ")) for row, path, drawn in re.findall(r"(([\w.]+)\((.*?)\))", table)
    }


def _call(path: str, drawn: list[str], target: Any, a: Arguments) -> Any:
    given = [each.rpartition("=")[::2] for each in drawn if each]
    method = attrgetter(path)(target)
    positional = [getattr(a, source)() for name, source in given if not name]
    return method(*positional, **{name: getattr(a, source)() for name, source in given if name})


RESOURCES = {"get/post/put/patch/delete": _generated, **_calls(GENERATED)}
OPERATIONS: dict[str, Operation] = {
    **{name: Operation(call) for name, call in _calls(BOTH).items()},
    **{name: Operation(call, kinds=("sync",)) for name, call in _calls(SYNC).items()},
    "request_with_retries": Operation(_request, kinds=("sync",)),
    "_arequest_with_retries": Operation(_arequest, kinds=("async",)),
    # The async client's property sends a request of its own in the background.
    "client.runs": Operation(lambda client, a: client.runs.query_v2(project_ids=a.some()), kinds=("sync",)),
    **{f"sync api: {name}": Operation(call, "sync api", ("sync",)) for name, call in RESOURCES.items()},
    **{f"async api: {name}": Operation(call, "async api") for name, call in RESOURCES.items()},
}
# Those that take arguments of any form are drawn more often.
OFTEN = {"request_with_retries": 40, "_arequest_with_retries": 25, "delete_examples(ids)": 4} | {
    f"{kind}: get/post/put/patch/delete": 15 for kind in ("sync api", "async api")
}


def _set_session(player: Any, a: Arguments) -> None:
    session = getattr(player.client, "session", None)
    if session is None:
        return
    kind = a.random.choice(("header", "auth", "cookie", "hook"))
    player.changes.append(f"session: {kind}")
    if kind == "header":
        session.headers["X-Gateway-User"] = a.random.choice((USER, "two"))
    elif kind == "auth":
        session.auth = a.auth()
    elif kind == "hook":
        session.hooks["response"] = [player.hook]
    else:
        session.cookies.set("c", a.random.choice((COOKIE, "two")))


def _set_variable(player: Any, a: Arguments) -> None:
    name = a.random.choice(VARIABLES)
    value = a.key() if "KEY" in name else a.random.choice((IDS[0], player.last_workspace, None))
    player.changes.append(f"{name}={value}")
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


CHANGES: dict[str, Callable[[Any, Arguments], None]] = {
    "key": lambda player, a: player.set("api_key", a.key()),
    "endpoint": lambda player, a: player.set("api_url", a.random.choice((player.here, player.elsewhere))),
    "headers": lambda player, a: player.set("headers", a.custom_headers()),
    "workspace": lambda player, a: player.set("workspace_id", a.workspace()),
    "chosen workspace": lambda player, a: player.set("workspace_id", player.last_workspace),
    "session": _set_session,
    "variable": _set_variable,
}


# Orders of steps in which a choice that was made for one caller could reach another.
SCENES = (
    ("call", "chosen workspace", "key", "call", "call"),
    ("call", "chosen workspace", "headers", "call", "call"),
    ("call", "headers", "call", "call"),
    ("call", "session", "call", "call"),
    ("call", "key", "call", "key", "call"),
    ("call", "endpoint", "call", "key", "call"),
    ("call", "variable", "call"),
)


class Step(NamedTuple):
    """A call, or a change before the next call.

    Attributes:
        number: Its number, which its arguments are drawn from.
        name: The operation, or the change.
        mood: How the server is disposed during the call.
        during: Changes that are made while a request of the call is in flight: the request's number, and the change.
    """

    number: int
    name: str
    mood: str = "calm"
    during: tuple[tuple[int, str], ...] = ()


class Program(NamedTuple):
    """A program: how its client is made, and its steps.

    Attributes:
        seed: The seed that everything is drawn from.
        kind: `sync` or `async`.
        choice: The option `resolve_workspace`, by name.
        retries: Whether the client's transport repeats requests, as it does by default.
        session: Whether the client gets a session.
        steps: The steps.
    """

    seed: int
    kind: str
    choice: str
    retries: bool
    session: bool
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        made = f"{self.kind} client, resolve_workspace: {self.choice}, retries: {self.retries}, session: {self.session}"
        return "\n".join([f"program {self.seed}: {made}", *(f"  {step}" for step in self.steps)])


def program_of(seed: int, available: Callable[[str], tuple[str, ...]]) -> Program:
    """Return the program of a seed.

    Args:
        seed: The seed.
        available: Returns the names of the operations that the installed SDK has for a kind of program.
    """
    random = Random(seed)
    kind = random.choice(("sync", "sync", "async"))
    names = available(kind)
    weights = [OFTEN.get(name, 1) for name in names]
    scene = random.choice(SCENES) if random.random() < 0.4 else ()
    order = scene or random.choices(("call", "change"), (3, 2), k=random.choice((2, 3, 4, 5, 6)))
    steps = []
    for number, kind_of_step in enumerate(order):
        if kind_of_step != "call":
            name = kind_of_step if kind_of_step in CHANGES else random.choice(tuple(CHANGES))
            steps.append(Step(number, name))
            continue
        (name,) = random.choices(names, weights)
        mood = "calm" if scene else random.choice(("calm",) * 6 + ("mixed", "late", "falls"))
        often = 0.05 if scene else 0.25
        during = [(random.choice((0, 0, 1, 1, 2, 3)), random.choice(tuple(CHANGES)))] if random.random() < often else []
        steps.append(Step(number, name, mood, tuple(during)))
    choice = (
        "always" if scene else random.choice((*("always",) * 9, "never", "first", "last", "none", "raises", "foreign"))
    )
    return Program(seed, kind, choice, random.random() < 0.2, random.random() < 0.3, tuple(steps))
