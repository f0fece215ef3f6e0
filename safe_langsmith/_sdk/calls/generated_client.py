"""Putting a guard on a generated client: its class becomes a subclass that answers refusals, and stays on its copies.

Hooks and transports of httpx are left alone: what is raised in there is retried, and disguised as a connection error.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import weakref
from collections.abc import Mapping
from functools import cache, partial
from typing import Any, cast

from safe_langsmith._recovery.handler import refused
from safe_langsmith._sdk.calls.generated import GeneratedCall
from safe_langsmith._sdk.compat import API_KEY, without_tenant
from safe_langsmith._sdk.headers import is_for_another
from safe_langsmith._sdk.http import CREDENTIAL_HEADERS, plain_headers


def guard(api: Any, client: Any) -> Any:
    """Makes a generated client heal or explain a 403, and returns it.

    Args:
        api: The generated client. What does not look like one is left as it is.
        client: The safe client that it belongs to, referred to weakly.
    """
    kind = type(api)
    if getattr(kind, "_is_guarded", False) or not (hasattr(kind, "request") and hasattr(kind, "_prepare_options")):
        return api
    api.__class__ = _guarded(cast("Any", kind))
    api._safe_client = weakref.ref(client)
    return api


@cache
def _guarded(base: Any) -> Any:
    """Returns the subclass of a generated client's class. It has one base: a second one would change the layout."""

    class Guarded(base):  # type: ignore[misc]
        _is_guarded = True
        _unguarded = base
        _safe_client: Any = None
        _named_workspace: str | None = None
        _brought: frozenset[str] = frozenset()
        _is_for_another = False

        request = _request_async if inspect.iscoroutinefunction(base.request) else _request

        copy = _copy
        with_options = _copy

    Guarded.__module__, Guarded.__name__, Guarded.__qualname__ = base.__module__, base.__name__, base.__qualname__
    return Guarded


def _copy(self: Any, **kwargs: Any) -> Any:
    made = self._unguarded.copy(self, **kwargs)
    headers = {**(kwargs.get("default_headers") or {}), **(kwargs.get("set_default_headers") or {})}
    given = plain_headers(headers)
    made._safe_client = self._safe_client
    made._named_workspace = kwargs.get("tenant_id") or given.get("x-tenant-id") or self._named_workspace
    has_key = kwargs.get("api_key") is not None
    brought = {name for name in CREDENTIAL_HEADERS if name in given} | ({API_KEY} if has_key else set())
    made._brought = self._brought | brought
    made._is_for_another = self._is_for_another or bool(brought or kwargs.get("base_url"))
    return made


def _request(self: Any, cast_to: Any, options: Any, **kwargs: Any) -> Any:
    _keep_apart(self, options)
    headers = options.headers
    try:
        try:
            return self._unguarded.request(self, cast_to, options, **kwargs)
        except Exception as error:
            # Notebooks and pytest leave out frames that say so.
            __tracebackhide__ = True
            again = partial(self._unguarded.request, self, cast_to, **kwargs)
            call = refused(partial(GeneratedCall, self, again, options, headers, error), error)
            if call is None:
                raise
    finally:
        # They may hold a key, and a traceback shows this frame.
        del options, headers
    # Outside the handler, so that nothing raised here drags the SDK's error along as its context.
    return call.answer()


async def _request_async(self: Any, cast_to: Any, options: Any, **kwargs: Any) -> Any:
    _keep_apart(self, options)
    headers = options.headers
    try:
        try:
            return await self._unguarded.request(self, cast_to, options, **kwargs)
        except Exception as error:
            __tracebackhide__ = True
            again = partial(self._unguarded.request, self, cast_to, **kwargs)
            call = refused(partial(GeneratedCall, self, again, options, headers, error), error)
            if call is None:
                raise
    finally:
        del options, headers
    return await call.answer_async()


def _keep_apart(api: Any, options: Any) -> None:
    """Keeps the workspace that this library chose for the client off requests that are not for it."""
    # Whatever fails in here, the request goes as the SDK sends it.
    with contextlib.suppress(Exception):
        client = api._safe_client()
        if not client._state.chosen_workspace:
            return
        given = options.headers if isinstance(options.headers, Mapping) else {}
        spelled = {name.lower(): value for name, value in given.items()}
        named = spelled.get("x-tenant-id") or api._named_workspace
        if named is None and (api._is_for_another or is_for_another(client, options.url, given)):
            types = sys.modules[type(options).__module__.removesuffix("._models") + "._types"]
            named = types.Omit()
        if named is not None:
            # In one spelling: beside the client's own, another one would be sent as a second header.
            options.headers = {**without_tenant(given), "X-Tenant-Id": named}
