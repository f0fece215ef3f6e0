"""What a safe client remembers of how it was made."""

from __future__ import annotations

import importlib
import inspect
import os
import reprlib
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

from safe_langsmith._core.settings import SET_LATER, Configuration, configuration, effective, normal, origin
from safe_langsmith._recovery.local import PathLike, read_dotenv, read_profile
from safe_langsmith._recovery.log import log_failure
from safe_langsmith._sdk.compat import cached_variables, name_workspace, values_of, workspace_of
from safe_langsmith._sdk.http import CREDENTIAL_HEADERS
from safe_langsmith.diagnosis import Workspace

if TYPE_CHECKING:
    from safe_langsmith._recovery.echo import Echo

BeforeSend = Callable[[Any, str, dict[str, Any]], dict[str, Any]]
Chooser = Callable[[Sequence[Workspace]], Union[Workspace, str, None]]

_OPTIONS = ("resolve_workspace", "probe", "dotenv_path")
_NO_PROFILE = (None, None)
_ARGUMENTS = {"endpoint": "api_url", "api_key": "api_key", "workspace_id": "workspace_id"}


class ClientState:
    """The options of a safe client, and where its settings came from.

    It holds no client, because the SDK's tracing thread ends when nothing but itself refers to one; and no key.

    Args:
        resolve_workspace: Whether, or how, a missing workspace may be chosen.
        probe: Whether diagnostic requests may be sent.
        dotenv_path: The `.env` to compare with.
        given: The names of the constructor's other arguments that were given.
        profile: The name of the profile to use, where one was given.
        profile_config_path: The config file to use, where one was given.

    Attributes:
        chosen_workspace: The workspace that was chosen for the client, or `None`.
        chosen_elsewhere: Those that were chosen for other endpoints and keys, by endpoint and fingerprint of the key.
        echoes: The words that explained the last refusals.
        before_send: Puts what was chosen into a call's arguments; `None` as long as nothing was.
    """

    __slots__ = (
        "_digests", "_given", "_profile", "_sources", "before_send", "chosen_elsewhere", "chosen_workspace",
        "dotenv_path", "echoes", "probe", "resolve_workspace",
    )  # fmt: skip

    def __init__(
        self,
        resolve_workspace: bool | Chooser,
        probe: bool,
        dotenv_path: PathLike | None,
        given: Collection[str] = (),
        profile: str | None = None,
        profile_config_path: str | None = None,
    ) -> None:
        """Notes how the client is made."""
        self.resolve_workspace = resolve_workspace
        self.probe = probe
        self.dotenv_path = dotenv_path
        self.chosen_workspace: str | None = None
        self.chosen_elsewhere: dict[tuple[str, str], str] = {}
        self.before_send: BeforeSend | None = None
        self.echoes: dict[int, Echo] | None = None
        self._given = given
        self._profile = (profile, profile_config_path) if profile or profile_config_path else _NO_PROFILE
        self._sources: tuple[str | None, ...] = ()
        self._digests: tuple[int, ...] = ()
        if not isinstance(resolve_workspace, bool) and not callable(resolve_workspace):
            raise TypeError(f"resolve_workspace must be a bool or a callable, not {type(resolve_workspace).__name__}")

    @property
    def has_own_exporter(self) -> bool:
        """Whether the user gave the client an OpenTelemetry provider, whose exporter sends what the user wants."""
        return "otel_tracer_provider" in self._given

    @property
    def has_own_credential(self) -> bool:
        """Whether the user gave the client headers, and a credential among them."""
        return "headers" in self._given

    @property
    def environment_names_a_workspace(self) -> bool:
        """Whether it does by now, and the client was not told otherwise: the SDK may have read it earlier."""
        return "workspace_id" not in self._given and any(effective("workspace_id", os.environ))

    def __repr__(self) -> str:
        """Shows the options."""
        return f"ClientState(resolve_workspace={reprlib.repr(self.resolve_workspace)}, probe={self.probe})"

    def note_origins(self, client: Any) -> None:
        """Notes where a client's settings came from, while the environment is still the one they were read from.

        Args:
            client: The client, which is not kept.
        """
        try:
            values = values_of(client)
            self._sources = tuple([self._origin(setting, values[setting]) for setting in _ARGUMENTS])
            # A value's hash tells whether somebody has set another one since, and cannot be turned back into a key.
            self._digests = tuple([hash(normal(setting, values[setting])) for setting in _ARGUMENTS])
        # Whatever fails in here, there is a client; its sources are then looked for when they are needed.
        except Exception:
            self._digests = ()

    def drop_auto_workspace(self, client: Any) -> None:
        """Takes back the workspace that was chosen for a client, unless the user has named another since.

        Args:
            client: The client.
        """
        if self.chosen_workspace is not None and workspace_of(client) == self.chosen_workspace:
            client.workspace_id = None
            for name in ("_langsmith_api", "_langsmith_api_sync"):
                name_workspace(getattr(client, name, None), None)
        self.chosen_workspace = None

    def configuration(self, in_use: Mapping[str, str | None], sources: Mapping[str, str]) -> Configuration:
        """Returns the settings as they are now, with their sources.

        Args:
            in_use: What the refused request used: `endpoint`, `api_key` and `workspace_id`.
            sources: Where those came from, as far as the request itself shows it.
        """
        origins: dict[str, str | None] = {}
        all_noted = dict(zip(_ARGUMENTS, zip(self._sources, self._digests, strict=False), strict=False))
        for setting, value in in_use.items():
            now = hash(normal(setting, value))
            noted, digest = all_noted.get(setting, (self._origin(setting, value), now))
            origins[setting] = sources.get(setting) or (noted if digest == now else SET_LATER)
        profile = read_profile(*self._profile)
        dotenv, cached = read_dotenv(self.dotenv_path), cached_variables()
        # A copy: `os.environ` decodes each value each time that it is asked.
        found = configuration(in_use, origins, dict(os.environ), dotenv, profile, cached)
        # A client that prefers its profile would not take what the environment says.
        preferred = profile is not None and "prefer_profile_auth" in self._given
        return found._replace(drift=()) if preferred else found

    def _origin(self, setting: str, value: str | None) -> str | None:
        if "api_urls" in self._given and setting != "workspace_id":
            return "the api_urls argument"
        return origin(setting, value, _ARGUMENTS[setting] in self._given, os.environ)


def given_arguments(parent: inspect.Signature, args: Sequence[object], kwargs: Mapping[str, object]) -> tuple[str, ...]:
    """Returns the names of a constructor's arguments that were given a value; headers, where a credential is in them.

    Args:
        parent: The signature of the SDK's constructor.
        args: The positional arguments, without `self`.
        kwargs: The keyword arguments.
    """
    given = kwargs if not args else {**dict(zip(list(parent.parameters)[1:], args, strict=False)), **kwargs}
    names = [name for name, value in given.items() if value is not None and value is not False]
    return tuple([name for name in names if name != "headers" or _holds_credential(given[name])])


def _holds_credential(headers: object) -> bool:
    return isinstance(headers, Mapping) and any(str(name).lower() in CREDENTIAL_HEADERS for name in headers)


def with_our_options(parent: inspect.Signature, ours: inspect.Signature) -> inspect.Signature:
    """Returns the signature of the SDK's constructor, as the installed SDK has it, with our options after its own."""
    added = [ours.parameters[name] for name in _OPTIONS]
    return parent.replace(parameters=[*parent.parameters.values(), *added])


_WHEN_REFUSED = (
    "dotenv",
    "tenacity",
    "safe_langsmith._core.dotenv",
    "safe_langsmith._recovery.handler",
    "safe_langsmith._sdk.calls.async_",
    "safe_langsmith._sdk.calls.hard_delete",
    "safe_langsmith._sdk.calls.generated_client",
    "safe_langsmith._sdk.calls.requests",
    "safe_langsmith._render.text",
)
"""What is imported when a call is refused, on whichever thread that happens, and not before."""
_FIRST = "safe_langsmith._recovery.handler"


def finish_imports() -> None:
    """Waits for the thread that imports what a refusal needs, and imports the rest. Without a refusal, does nothing."""
    if _FIRST not in sys.modules:
        return
    for name in _WHEN_REFUSED:
        try:
            importlib.import_module(name)
        except Exception as failure:  # Whatever fails in here, the process forks.
            log_failure("importing before a fork", failure)


def finish_imports_before_forks() -> None:
    """Has them finished before each fork from now on."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=finish_imports)


finish_imports_before_forks()
