"""The check of the configuration found here, with a client that is created as the user's program creates one."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from safe_langsmith._cli.fixes import OPTIONS, Situation, fixes_for_shell, known_keys, shown_path
from safe_langsmith._cli.options import Options, WrongArguments
from safe_langsmith._core.credentials import inspect_key
from safe_langsmith._core.engine import HealthReport, conclude
from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.model import Configuration, Facts, TargetFacts, Verdict
from safe_langsmith._core.origins import Origin
from safe_langsmith._core.redaction import redact_value, sanitize
from safe_langsmith._core.variables import DEFAULT_ENDPOINT, VARIABLES
from safe_langsmith._log import raise_hidden_interrupt
from safe_langsmith._probe.regions import hosts_to_ask
from safe_langsmith._recovery.local import read_dotenv
from safe_langsmith._recovery.state import ClientState
from safe_langsmith._render.actions import present_fixes
from safe_langsmith._sdk.compat import endpoint_of, values_of
from safe_langsmith.checkup import check as check_client
from safe_langsmith.client import SafeClient
from safe_langsmith.diagnosis import Cause, Confidence, Diagnosis, Fix
from safe_langsmith.environment import reload_environment

Found = Diagnosis | HealthReport


@dataclass(frozen=True)
class Checked:
    """The result of a check.

    Attributes:
        found: The diagnosis, or the report on a client with which nothing is wrong.
        configuration: The settings with their typed origins.
        dotenv_path: The `.env` that was compared or loaded, as it may be shown, or `None` if there is none.
        dotenv_error: Why it could not be read, or `None`.
    """

    found: Found
    configuration: Configuration
    dotenv_path: str | None
    dotenv_error: str | None


def is_warning(found: Found) -> bool:
    """Return whether the client works, and only something that differs from it was found."""
    is_accepted = any(probe.path.startswith("/settings") and probe.status == 200 for probe in found.probes)
    return found.cause is Cause.STALE_ENVIRONMENT and found.confidence is Confidence.POSSIBLE and is_accepted


def check(options: Options, tell: Callable[[str], None], announce: Callable[[str], None]) -> Checked:
    """Check the configuration found here.

    An error of the SDK is a diagnosis, too: it ends the user's program as well.

    Args:
        options: The options that the user typed.
        tell: Called with a text before each request.
        announce: Called with a text before the key goes to another host.

    Raises:
        WrongArguments: If the other regions are to be asked, and the endpoint in use is not LangSmith's cloud.
    """
    typed = {"endpoint": options.endpoint, "workspace_id": options.workspace_id}
    given = {name: Origin("option", OPTIONS[name]) for name, value in typed.items() if value is not None}
    path = _near(options.env_file)
    state = ClientState(True, False, path)
    try:
        if options.load_env:
            reload_environment(options.env_file)
        client = SafeClient(
            api_url=options.endpoint,
            workspace_id=options.workspace_id,
            auto_batch_tracing=False,
            probe=not options.offline,
            dotenv_path=path,
        )
    except Exception as error:
        raise_hidden_interrupt(error)
        configuration = state.configuration({name: typed[name] for name in given}, given)
        found: Found = _not_created(error, configuration)
    else:
        state = client._state
        state.note_options(given)
        configuration = state.configuration(values_of(client), {})
        if options.find_region:
            try:
                hosts_to_ask(endpoint_of(client))
            except ValueError:
                client.session.close()
                raise WrongArguments("--find-region needs an endpoint of LangSmith's cloud") from None
        with closing(client.session):
            try:
                found = check_client(
                    client,
                    lambda probe: tell(f"Probing the endpoint: GET {probe.path_and_query} ..."),
                    "shell",
                    options.find_region,
                    announce,
                    options.can,
                )
            except Exception as error:
                raise_hidden_interrupt(error)
                found = _not_checked(error, configuration)
    dotenv = read_dotenv(path)
    situation = Situation(options, configuration, dotenv)
    fixes = fixes_for_shell(found.fixes, found.cause, found.confidence, situation)
    fixes = present_fixes(fixes, "shell", found.workspaces or ())
    return Checked(
        redact_value(replace(found, fixes=fixes), known_keys()),
        configuration,
        shown_path(dotenv) if dotenv.path else None,
        dotenv.error,
    )


def _near(path: str | None) -> str | None:
    """Return the path of the `.env`; its name alone if it is in the working directory, whose name says too much."""
    found = read_dotenv(path).path
    try:
        return os.path.basename(found) if found and os.path.dirname(found) == os.getcwd() else path
    except OSError:  # The working directory was deleted.
        return path


def _not_created(error: Exception, configuration: Configuration) -> Found:
    """Return the diagnosis of a configuration from which the SDK cannot create a client."""
    names = (name for name in os.environ if name.startswith(("LANGSMITH_", "LANGCHAIN_")))
    listed = {name for variables in VARIABLES.values() for name in variables}
    others = ", ".join(sorted(sanitize(name, 80, known_keys()) for name in names if name not in listed)[:8])
    detail = "Your program ends with the same error."
    detail += f" These variables are set, too: {others}." if others else ""
    summary = f"langsmith cannot create a client from this configuration: {_described(error)}."
    return _undetermined(configuration, summary, Fix("Correct the setting that this is about", detail))


def _not_checked(error: Exception, configuration: Configuration) -> Found:
    summary = f"The check of the client failed. {_described(error)}."
    fix = Fix("Check the settings above for mistakes", "If there are none, report this text; it holds no secret.")
    return _undetermined(configuration, summary, fix)


def _undetermined(configuration: Configuration, summary: str, fix: Fix) -> Found:
    keys = known_keys()
    target = TargetFacts(
        configuration["endpoint"].value or DEFAULT_ENDPOINT,
        inspect_key(keys[0] if keys else None),
        configuration["workspace_id"].value,
        configuration["workspace_id"].origin,
        interface="shell",
    )
    verdict = Verdict(Cause.UNDETERMINED, Confidence.POSSIBLE, "nothing was asked")
    found = conclude(Evidence(Facts(target, configuration)), verdict).diagnosis
    return redact_value(replace(found, summary=summary, fixes=(fix,)), keys)


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {sanitize(str(error), 300, known_keys())}".rstrip(": .")
