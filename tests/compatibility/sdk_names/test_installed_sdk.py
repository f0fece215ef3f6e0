"""The installed SDK has the private names that the table says it has, and they are still what they were."""

from __future__ import annotations

import importlib
import inspect
import sys
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import langsmith
import pytest
import requests
import urllib3

from safe_langsmith import SafeAsyncClient, SafeClient

from .table import INSTALLED, NAMES, PAGE, Name, version
from .taking_away import classes, generated, options_of_generated


def _modules_of_generated() -> list[Any]:
    if not generated():
        return []
    package = options_of_generated().__module__.rpartition(".")[0]
    beside = [name for name in sys.modules if name.rpartition(".")[0] == package]
    return [SimpleNamespace(**{name.rpartition(".")[2]: sys.modules[name] for name in beside})]


def _sandbox_clients() -> list[Any]:
    sandbox = importlib.import_module("langsmith.sandbox")
    client = sandbox.SandboxClient(api_key="none", api_endpoint="http://127.0.0.1:9")
    client.close()
    return [client]


def _pools_of_httpx() -> list[Any]:
    made = generated()
    return [api._client._transport._pool for api in made] or [importlib.import_module("httpcore").ConnectionPool()]


def _clients_of_httpx() -> list[Any]:
    return [langsmith.AsyncClient(api_url="http://127.0.0.1:9", api_key="none")._client]


def _exporters() -> list[Any]:
    module = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    exporter = module.OTLPSpanExporter(endpoint="http://127.0.0.1:9/v1/traces")
    # From 1.45 on, it keeps its headers in a client of its own.
    return [exporter if hasattr(exporter, "_headers") else exporter._client]


HOLDERS: dict[str, Callable[[], list[Any]]] = {
    "generated client": generated,
    "modules of the generated client": _modules_of_generated,
    "sandbox client": _sandbox_clients,
    "httpx client": _clients_of_httpx,
    "httpx pool": _pools_of_httpx,
    "prompt cache": lambda: [importlib.import_module("langsmith.prompt_cache").PromptCache],
    "OTLPSpanExporter": _exporters,
    "requests.Response": lambda: [requests.Response()],
    "urllib3.HTTPResponse": lambda: [urllib3.HTTPResponse()],
}


def holders(place: str) -> list[Any]:
    """What has the names of a place: the classes, instances of them, or modules."""
    try:
        with warnings.catch_warnings():
            # The SDK's, about what is experimental.
            warnings.simplefilter("ignore")
            if place in HOLDERS:
                return HOLDERS[place]()
            return list(classes(place)) or [importlib.import_module(place)]
    except ImportError:
        return []


@pytest.mark.parametrize("name", [name for name in NAMES if name.is_expected], ids=str)
def test_the_installed_sdk_has_it(name: Name):
    found = holders(name.place)
    if name.place == "OTLPSpanExporter" and not found:
        pytest.skip("OpenTelemetry's exporter is not installed")
    if not found or not all(hasattr(holder, name.name) for holder in found):
        pytest.fail(
            f"langsmith {langsmith.__version__} has no {name} any more. It is used for: {name.purpose}. "
            f"Without it: {name.loss}. See docs/{PAGE.name}.",
            pytrace=False,
        )


@pytest.mark.parametrize("name", [name for name in NAMES if not name.is_expected], ids=str)
def test_an_older_sdk_has_it_not(name: Name):
    if any(hasattr(holder, name.name) for holder in holders(name.place)):
        pytest.fail(
            f"langsmith {langsmith.__version__} has {name}, and docs/{PAGE.name} says that {name.since} was the first.",
            pytrace=False,
        )


SIGNATURES = [
    # What is overridden: what may be given by position, and something that has to be among the rest.
    (langsmith.Client, "request_with_retries", ["method", "pathname"], {"request_kwargs", "kwargs"}),
    (langsmith.Client, "delete_examples", ["example_ids"], {"hard_delete"}),
    (langsmith.Client, "_repr_html_", [], set()),
    (langsmith.Client, "_get_langsmith_api", [], set()),
    (langsmith.Client, "_get_langsmith_api_sync", [], set()),
    (langsmith.AsyncClient, "_arequest_with_retries", ["method", "endpoint"], {"kwargs"}),
    *((kind, "request", ["cast_to", "options"], set()) for kind in classes("generated client")),
    *((kind, "copy", [], set()) for kind in classes("generated client")),
    *((kind, "with_options", [], set()) for kind in classes("generated client")),
]


def test_what_is_overridden_is_among_them():
    overridden = {
        (sdk, name)
        for sdk, safe in ((langsmith.Client, SafeClient), (langsmith.AsyncClient, SafeAsyncClient))
        for name, it in vars(safe).items()
        if inspect.isfunction(it) and not name.startswith("__") and hasattr(sdk, name)
    }
    assert overridden <= {(kind, method) for kind, method, _, _ in SIGNATURES}


@pytest.mark.parametrize(("kind", "method", "by_position", "others"), SIGNATURES)
def test_what_is_overridden_is_called_as_before(kind, method, by_position, others):
    overridden = getattr(kind, method, None)
    if overridden is None:
        pytest.skip(f"langsmith {langsmith.__version__} has no {method}")
    parameters = list(inspect.signature(overridden).parameters.values())[1:]
    given = [each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    rest = {each.name for each in parameters if each.kind in (each.KEYWORD_ONLY, each.VAR_KEYWORD)}
    told = f"langsmith {langsmith.__version__}: {kind.__name__}.{method}{inspect.signature(overridden)}"
    assert given == by_position, f"{told} takes other arguments by position than safe_langsmith's passes on."
    assert others <= rest, f"{told} takes no {others - rest} any more."
    assert not [each for each in parameters if each.kind is each.VAR_POSITIONAL], told


@pytest.mark.parametrize("kind", classes("generated client"), ids=lambda kind: kind.__module__ + "." + kind.__name__)
def test_a_copy_of_a_generated_client_is_made_with_what_we_look_for(kind):
    looked_for = {"tenant_id", "api_key", "base_url", "default_headers", "set_default_headers"}
    base = next(each for each in kind.__mro__ if "tenant_id" in inspect.signature(each.copy).parameters)
    assert looked_for <= set(inspect.signature(base.copy).parameters), (
        f"langsmith {langsmith.__version__}: a copy of {base.__name__} takes other arguments than it did, so a "
        "workspace, key or endpoint that it is made with goes unnoticed."
    )


@pytest.mark.skipif(version("0.7.0") > INSTALLED, reason="this SDK's replicas bring no credential of their own")
def test_headers_of_a_replica_are_made_as_we_try_it():
    names = inspect.signature(langsmith.client._apply_auth_overrides).parameters
    assert list(names) == [
        "headers", "api_key", "service_key", "tenant_id", "authorization", "cookie", "fallback_api_key"
    ]  # fmt: skip


@pytest.mark.skipif(version("0.8.1") > INSTALLED, reason="this SDK has no profiles")
def test_a_profile_says_what_we_read():
    from langsmith._internal._profiles import load_profile_client_config

    takes = set(inspect.signature(load_profile_client_config).parameters)
    if "profile" in inspect.signature(langsmith.Client.__init__).parameters:
        assert takes == {"profile", "config_path"}
    config = load_profile_client_config()
    for name in ("profile_state", "api_url", "api_key", "workspace_id", "has_oauth"):
        assert hasattr(config, name), f"langsmith {langsmith.__version__}: a profile has no {name} any more."
