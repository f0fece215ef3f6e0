"""What type checkers are told of our constructors is what the SDK's take."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Callable
from importlib.metadata import version
from inspect import Parameter
from types import ModuleType
from typing import Any

import langsmith
import pytest
from langsmith.async_client import AsyncClient

import safe_langsmith
import safe_langsmith.async_client
import safe_langsmith.client

OURS = ("resolve_workspace", "probe", "dotenv_path")
CLIENTS = pytest.mark.parametrize(
    ("sdk_class", "module"),
    [(langsmith.Client, safe_langsmith.client), (AsyncClient, safe_langsmith.async_client)],
    ids=["Client", "AsyncClient"],
)
OVERRIDDEN = [name for name, it in vars(safe_langsmith.SafeClient).items() if inspect.isfunction(it) and name[0] != "_"]
SDK = tuple(int(part) for part in version("langsmith").split(".")[:2])


def parameters(constructor: Callable[..., None]) -> dict[str, Parameter]:
    return {name: it for name, it in inspect.signature(constructor).parameters.items() if name != "self"}


def taken(sdk_class: Any) -> dict[str, Parameter]:
    return parameters(sdk_class.__init__)


def told(module: ModuleType) -> dict[str, Parameter]:
    """The signature under `if TYPE_CHECKING`, which is not there at run time."""
    block = next(
        node
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.If) and any(isinstance(item, ast.FunctionDef) for item in node.body)
    )
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    constructor = next(node for node in block.body if isinstance(node, ast.FunctionDef))
    namespace: dict[str, Any] = {}
    exec(f"from __future__ import annotations\n{ast.unparse(constructor)}", namespace)
    return parameters(namespace["__init__"])


@CLIENTS
def test_every_argument_of_the_installed_sdk_is_typed(sdk_class: type[Any], module: ModuleType) -> None:
    missing = sorted(set(taken(sdk_class)) - set(told(module)))

    assert not missing, (
        f"langsmith {version('langsmith')} takes {', '.join(missing)} in {sdk_class.__name__}(); "
        f"add that to the signature under `if TYPE_CHECKING` in {module.__name__}, or type checkers refuse it"
    )


@CLIENTS
def test_only_our_options_are_added_and_by_name(sdk_class: type[Any], module: ModuleType) -> None:
    ours = told(module)

    assert tuple(ours)[-3:] == OURS
    assert {ours[name].kind for name in OURS} == {Parameter.KEYWORD_ONLY}


@pytest.mark.skipif(SDK < (0, 15), reason="type checkers are told the newest SDK's signature")
@CLIENTS
def test_each_argument_is_typed_as_the_newest_sdk_takes_it(sdk_class: type[Any], module: ModuleType) -> None:
    theirs = {name: (parameter.kind, parameter.default) for name, parameter in taken(sdk_class).items()}
    ours = {name: (parameter.kind, parameter.default) for name, parameter in told(module).items() if name not in OURS}

    assert ours == theirs
    assert list(ours) == list(theirs), "the order counts for positional arguments"


@CLIENTS
def test_the_options_defaults_are_those_at_run_time(sdk_class: type[Any], module: ModuleType) -> None:
    at_run_time = inspect.signature(getattr(module, f"Safe{sdk_class.__name__}")).parameters

    assert {name: told(module)[name].default for name in OURS} == {name: at_run_time[name].default for name in OURS}
    assert set(at_run_time) == {*taken(sdk_class), *OURS}


@pytest.mark.parametrize(
    "function",
    [
        safe_langsmith.SafeClient.__init__,
        safe_langsmith.SafeAsyncClient.__init__,
        *(getattr(safe_langsmith.SafeClient, name) for name in OVERRIDDEN),
        safe_langsmith.diagnose,
        safe_langsmith.adiagnose,
        safe_langsmith.find_diagnosis,
        safe_langsmith.reload_environment,
    ],
)
def test_annotations_mean_something_at_run_time(function):
    # pydantic's validate_call and frameworks that inject dependencies ask for them.
    assert typing.get_type_hints(function)


@pytest.mark.parametrize("name", OVERRIDDEN)
def test_an_overridden_method_shows_the_arguments_of_the_sdk(name):
    theirs = inspect.signature(getattr(langsmith.Client, name)).parameters
    assert theirs.keys() <= inspect.signature(getattr(safe_langsmith.SafeClient, name)).parameters.keys()
