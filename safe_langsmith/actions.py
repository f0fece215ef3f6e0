"""Actions of fixes, as typed values. All are frozen, picklable and plain, like the other values of a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from safe_langsmith.diagnosis import Action

ReplicaForm = Literal["list", "object", "auth", "api_key"]


@dataclass(frozen=True)
class SetVariable(Action):
    """Set an environment variable.

    Attributes:
        name: The variable.
        value: Its value, or a placeholder in angle brackets such as `<the key>`.
        alternatives: Other values, of which one may be the right one.
        file: The `.env` file whose line holds the value in use, or `None`.
        in_process: Whether the running process has to set it, because a `.env` file cannot.
    """

    kind: ClassVar[str] = "set-variable"
    name: str
    value: str
    alternatives: tuple[str, ...] = ()
    file: str | None = None
    in_process: bool = False


@dataclass(frozen=True)
class UnsetVariable(Action):
    """Remove environment variables."""

    kind: ClassVar[str] = "unset-variable"
    names: tuple[str, ...]


@dataclass(frozen=True)
class PassArgument(Action):
    """Create the client with an argument.

    Attributes:
        name: The argument.
        value: Its value.
        alternatives: Other values, of which one may be the right one.
    """

    kind: ClassVar[str] = "pass-argument"
    name: str
    value: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class PassHeader(Action):
    """Send a header.

    Attributes:
        name: The header.
        value: Its value.
        to: The recipient: the `call` itself, the constructor of the `client`, that of a `sandbox` client, of a span
            `processor` of langsmith.integrations.otel, or of another `exporter` of OpenTelemetry.
        alternatives: Other values, of which one may be the right one.
    """

    kind: ClassVar[str] = "pass-header"
    name: str
    value: str
    to: Literal["call", "client", "sandbox", "processor", "exporter"] = "call"
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class PreferProfile(Action):
    """Take key, endpoint and workspace from the login profile alone.

    Attributes:
        overriding: The environment variables that override the profile. To unset them has the same effect.
    """

    kind: ClassVar[str] = "prefer-profile"
    overriding: tuple[str, ...] = ()


@dataclass(frozen=True)
class EditReplica(Action):
    """Change the settings of a replica, which receives runs as well. `None` leaves a value as it is.

    Attributes:
        url: The URL of the replica.
        variable: The environment variable that holds the replicas, or `None` if the program passes them.
        form: The form of its settings: as an entry of a `list`, as a URL and a key in an `object`, with the key
            under `auth`, or with the key under `api_key`, as an SDK without `auth` expects it.
        api_key: A placeholder for its key, or `None`.
        workspace_id: The workspace to name, or `None`.
        endpoints: New URLs, of which one is the right one; empty to leave the URL.
    """

    kind: ClassVar[str] = "edit-replica"
    url: str
    variable: str | None
    form: ReplicaForm
    api_key: str | None = None
    workspace_id: str | None = None
    endpoints: tuple[str, ...] = ()


@dataclass(frozen=True)
class CreateClient(Action):
    """Create a new client.

    Attributes:
        clear_cache: Whether the SDK's cached environment variables have to be cleared first.
    """

    kind: ClassVar[str] = "create-client"
    clear_cache: bool = False


@dataclass(frozen=True)
class ReloadEnvironment(Action):
    """Clear the SDK's cached environment variables and load a `.env` file over the environment.

    Attributes:
        dotenv_path: The file, or `None` if its path is not known.
        create_client: Whether a new client has to be created afterwards without the argument that overrides the file.
    """

    kind: ClassVar[str] = "reload-environment"
    dotenv_path: str | None
    create_client: bool = False


@dataclass(frozen=True)
class LoadDotenv(Action):
    """Let the program load a `.env` file before it creates a client.

    Attributes:
        path: The file, or `None` for the one that python-dotenv finds.
    """

    kind: ClassVar[str] = "load-dotenv"
    path: str | None = None


@dataclass(frozen=True)
class CorrectDotenv(Action):
    """Correct mistakes in a `.env` file, or make it readable.

    Attributes:
        path: The file, or `None` if its path is not known.
    """

    kind: ClassVar[str] = "correct-dotenv"
    path: str | None


@dataclass(frozen=True)
class ShowVariables(Action):
    """Print environment variables of the process without showing secrets.

    Attributes:
        group: `langsmith` for the variables of LangSmith, or `proxies` for those that name a proxy.
    """

    kind: ClassVar[str] = "show-variables"
    group: Literal["langsmith", "proxies"] = "langsmith"


@dataclass(frozen=True)
class RunCommand(Action):
    """Run a command.

    Attributes:
        argv: The program and its arguments.
        alternatives: Other values of the last argument, of which one may be the right one.
    """

    kind: ClassVar[str] = "run-command"
    argv: tuple[str, ...]
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class AskSomebody(Action):
    """Ask another person.

    Attributes:
        message: The message to send.
    """

    kind: ClassVar[str] = "ask-somebody"
    message: str


@dataclass(frozen=True)
class Steps(Action):
    """Take several actions one after the other."""

    kind: ClassVar[str] = "steps"
    actions: tuple[Action, ...]
