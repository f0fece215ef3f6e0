"""The state of a safe client: its options, and the origins of its settings."""

from __future__ import annotations

import inspect
import os
import reprlib
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Union

from safe_langsmith._core.origins import ASSIGNMENT, SDK_CACHE, UNKNOWN, Origin, origin
from safe_langsmith._core.variables import Environment, effective, normal
from safe_langsmith._log import boundary
from safe_langsmith._sdk.compat import apply_workspace, values_of, workspace_of
from safe_langsmith._sdk.http import CREDENTIAL_HEADERS
from safe_langsmith.diagnosis import Workspace

if TYPE_CHECKING:
    from safe_langsmith._core.model import Configuration, Successes

PathLike = Union[str, os.PathLike[str]]
BeforeSend = Callable[[Any, str, dict[str, Any]], dict[str, Any]]
Chooser = Callable[[Sequence[Workspace]], Union[Workspace, str, None]]

INGEST = ("/runs/multipart", "/runs/batch", "/runs", "/otel/v1/traces")
"""How the addresses end to which the SDK sends runs."""

FOR_ANYBODY = ("/info", "/public/", "/commits/", "/repos/", "http")
"""How the addresses begin that LangSmith may answer without a key, as for public prompts, or that may be elsewhere."""

_OPTIONS = ("resolve_workspace", "probe", "dotenv_path")
_NO_PROFILE = (None, None)
_API_URLS = Origin("argument", "api_urls")
_ARGUMENTS = {"endpoint": "api_url", "api_key": "api_key", "workspace_id": "workspace_id"}


class ClientState:
    """The options of a safe client, and the origins of its settings.

    It holds no key, and no reference to the client: the SDK's tracing thread ends when only the thread itself refers to
    the client.

    Args:
        resolve_workspace: Whether a missing workspace may be chosen, or the callable that chooses it.
        probe: Whether diagnostic requests may be sent.
        dotenv_path: The `.env` to compare with.
        given: The names of the constructor's other arguments that were given.
        profile: The name of the profile to use, if one was given.
        profile_config_path: The config file to use, if one was given.

    Attributes:
        auto_workspace: The workspace that was chosen for the client, or `None`. Naming it again makes it the user's.
        auto_identity: The identity that it was chosen for.
        auto_settings: A hash of the settings when the client last had that identity.
        auto_workspaces: The workspaces chosen for other endpoints and keys, by endpoint and fingerprint of the key.
        before_send: Puts the chosen workspace into the arguments of a call; `None` until one is chosen.
        had_workspace: Whether a workspace was ever chosen for the client.
        is_installed: Whether `install` made the client a safe one.
        read_at: When a request of the client's own key that reads last succeeded, by `time.monotonic()`, or `None`.
        wrote_at: The same for runs.
    """

    __slots__ = (
        "_digests",
        "_given",
        "_profile",
        "_sources",
        "auto_identity",
        "auto_settings",
        "auto_workspace",
        "auto_workspaces",
        "before_send",
        "dotenv_path",
        "had_workspace",
        "is_installed",
        "probe",
        "read_at",
        "resolve_workspace",
        "wrote_at",
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
        """Note how the client is created."""
        self.resolve_workspace = resolve_workspace
        self.probe = probe
        self.dotenv_path = dotenv_path
        self.auto_workspace: str | None = None
        self.auto_identity: int | None = None
        self.auto_settings: int | None = None
        self.auto_workspaces: dict[tuple[str, str], str] = {}
        self.before_send: BeforeSend | None = None
        self.had_workspace = False
        self.is_installed = False
        self.read_at: float | None = None
        self.wrote_at: float | None = None
        self._given = given
        self._profile = (profile, profile_config_path) if profile or profile_config_path else _NO_PROFILE
        self._sources: tuple[Origin | None, ...] = ()
        self._digests: tuple[int, ...] = ()
        if not isinstance(resolve_workspace, bool) and not callable(resolve_workspace):
            raise TypeError(f"resolve_workspace must be a bool or a callable, not {type(resolve_workspace).__name__}")

    @classmethod
    def of_new(
        cls,
        client: Any,
        resolve_workspace: bool | Chooser,
        probe: bool,
        dotenv_path: PathLike | None,
        given: Collection[str],
        profile: tuple[str | None, str | None],
    ) -> ClientState:
        """Return the state of a client that is being created.

        Args:
            client: The client. If it was created as the SDK's, `install` has put its own options on it.
            resolve_workspace: The option as it was given, or its default.
            probe: The same.
            dotenv_path: The same.
            given: The names of the constructor's other arguments that were given.
            profile: The name of the profile to use, and its config file.
        """
        installed: ClientState | None = getattr(client, "_state", None)
        if installed is not None:
            resolve_workspace = installed.resolve_workspace if resolve_workspace is True else resolve_workspace
            probe = installed.probe and probe
            dotenv_path = installed.dotenv_path if dotenv_path is None else dotenv_path
        state = cls(resolve_workspace, probe, dotenv_path, given, *profile)
        state.is_installed = installed is not None
        return state

    @property
    def has_own_exporter(self) -> bool:
        """Whether the user gave the client an OpenTelemetry provider, and so an exporter of their own."""
        return "otel_tracer_provider" in self._given

    @property
    def has_own_credential(self) -> bool:
        """Whether the user gave the client headers with a credential in them."""
        return "headers" in self._given

    @property
    def has_own_info(self) -> bool:
        """Whether the user gave the client what `GET /info` would answer."""
        return "info" in self._given

    @property
    def environment_names_a_workspace(self) -> bool:
        """Whether the environment names a workspace now, and the client was given none as an argument."""
        return "workspace_id" not in self._given and any(effective("workspace_id", os.environ))

    def __repr__(self) -> str:
        """Show the options."""
        return f"ClientState(resolve_workspace={reprlib.repr(self.resolve_workspace)}, probe={self.probe})"

    def note_origins(self, client: Any) -> None:
        """Note the origins of a client's settings, while the environment is still the one that they were read from.

        Args:
            client: The client. No reference to it is kept.
        """
        # A failure here must not fail the constructor: the origins are then inferred when they are needed.
        with boundary():
            values = values_of(client)
            origins = tuple([self._origin(setting, values[setting]) for setting in _ARGUMENTS])
            # The hash of a value shows whether it was changed later, and does not reveal the key.
            self._digests = tuple([hash(normal(setting, values[setting])) for setting in _ARGUMENTS])
            self._sources = origins

    def note_options(self, options: Mapping[str, Origin]) -> None:
        """Note that arguments were given as options of the command line.

        Args:
            options: The options, by the setting's name.
        """
        self._sources = tuple(options.get(name, noted) for name, noted in zip(_ARGUMENTS, self._sources, strict=False))

    def drop_auto_workspace(self, client: Any) -> None:
        """Remove the workspace that was chosen for a client, unless the user has named one since.

        Args:
            client: The client.
        """
        with self.naming():
            if self.auto_workspace is not None and workspace_of(client) == self.auto_workspace:
                apply_workspace(client, None)
            self.auto_workspace = self.auto_identity = None

    @staticmethod
    def naming() -> AbstractContextManager[Any]:
        """Return the lock under which a client's workspace is set, by the user and by this library."""
        return _naming_lock

    def successes(self, client: Any) -> Successes | None:
        """Return what LangSmith has accepted from a client with the endpoint and key that it was created with.

        Args:
            client: The client.
        """
        from safe_langsmith._core.model import Successes

        times = [at for at in (self.read_at, self.wrote_at) if at is not None]
        values = values_of(client)
        # Another endpoint or key may have been assigned since, and succeeded or not.
        unchanged = [
            hash(normal(name, values[name])) == noted for name, noted in zip(_ARGUMENTS, self._digests, strict=False)
        ]
        if not times or len(unchanged) < 3 or not all(unchanged[:2]):
            return None
        without_workspace = unchanged[2] and values["workspace_id"] is None and not self.had_workspace
        minutes = int(time.monotonic() - max(times)) // 60
        workspace, wrote = values["workspace_id"], self.wrote_at is not None
        is_same = workspace == self.auto_workspace or unchanged[2]
        return Successes(minutes, self.read_at is not None, wrote, wrote and is_same, without_workspace)

    def configuration(
        self, in_use: Mapping[str, str | None], sources: Mapping[str, Origin], reads_files: bool = True
    ) -> Configuration:
        """Return the configuration as it is now.

        Args:
            in_use: The values that the request used: `endpoint`, `api_key` and `workspace_id`.
            sources: Their origins, as far as the request itself shows them.
            reads_files: Whether to read `.env` and the login profile.
        """
        # Only a client that is refused or checked needs these.
        from safe_langsmith._core.settings import Dotenv, configuration
        from safe_langsmith._recovery.local import read_dotenv
        from safe_langsmith._sdk.profile import read_profile

        origins: dict[str, Origin | None] = {}
        all_noted = dict(zip(_ARGUMENTS, zip(self._sources, self._digests, strict=False), strict=False))
        for setting, value in in_use.items():
            now = hash(normal(setting, value))
            noted, digest = all_noted.get(setting, (self._origin(setting, value), now))
            origins[setting] = sources.get(setting) or (noted if digest == now else ASSIGNMENT)
        profile = read_profile(*self._profile) if reads_files else None
        dotenv = read_dotenv(self.dotenv_path) if reads_files else Dotenv()
        # If the arguments were noted when the client was created, a value of unknown origin was not an argument.
        unexplained = SDK_CACHE if self._digests else UNKNOWN
        # A copy: `os.environ` decodes each value each time that it is read.
        environ = Environment(os.environ)
        found = configuration(in_use, origins, environ, dotenv, profile, unexplained)
        if not reads_files:
            found = replace(found, files_unread=True)
        # A client that prefers its profile does not read the environment.
        preferred = profile is not None and "prefer_profile_auth" in self._given
        return replace(found, drift=()) if preferred else found

    def _origin(self, setting: str, value: str | None) -> Origin | None:
        if "api_urls" in self._given and setting != "workspace_id":
            return _API_URLS
        return origin(setting, value, _ARGUMENTS[setting] in self._given, os.environ)


_naming_lock = threading.RLock()


def _renew_lock() -> None:
    """Replace the lock: a fork copies it as it is, held by a thread that the child lacks."""
    global _naming_lock
    _naming_lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def note_assignments(safe_class: Any, sdk_class: Any) -> None:
    """Make a safe client drop what this library has chosen if the user sets one of the client's public attributes.

    A workspace is chosen for an endpoint and the identity that asked for it. One that the user names is the user's,
    even if it is the chosen one.

    Args:
        safe_class: The class of the safe client.
        sdk_class: The SDK's class. Older ones lack some of the attributes.
    """
    for name in ("api_key", "api_url", "headers", "workspace_id"):
        if hasattr(sdk_class, name):
            setattr(safe_class, name, _noted(getattr(sdk_class, name), name == "workspace_id"))


def _noted(attribute: Any, names_workspace: bool) -> property:
    # A property or a slot of the SDK's. Reading goes straight to it, at the same cost.
    is_property = isinstance(attribute, property)
    read, write = (attribute.fget, attribute.fset) if is_property else (attribute.__get__, attribute.__set__)

    def assign(client: Any, value: Any) -> None:
        try:
            with ClientState.naming():
                # The attribute is set, as the user requests, whatever fails in here.
                with boundary():
                    if names_workspace:
                        client._state.auto_workspace = client._state.auto_identity = None
                    else:
                        client._state.drop_auto_workspace(client)
                write(client, value)
        finally:
            # It may be the key, and a traceback shows this frame.
            del value

    return property(read, assign, doc=attribute.__doc__)


def state_of(client: object) -> ClientState:
    """Return the state of a client; for the SDK's own clients, create one."""
    state: ClientState | None = getattr(client, "_state", None)
    return state if state is not None else ClientState(resolve_workspace=True, probe=True, dotenv_path=None)


def given_arguments(parent: inspect.Signature, args: Sequence[object], kwargs: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of a constructor's arguments that were given a value; headers, if they hold a credential.

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
    """Return the signature of the installed SDK's constructor with this library's options after its own."""
    added = [ours.parameters[name] for name in _OPTIONS]
    return parent.replace(parameters=[*parent.parameters.values(), *added])
