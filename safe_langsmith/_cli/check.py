"""Looking at the configuration found here, through a client that is made of it as the user's program makes one."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from safe_langsmith._cli.options import Options
from safe_langsmith._core.credentials import describe
from safe_langsmith._core.engine import HealthReport, conclude
from safe_langsmith._core.model import Evidence, Facts, ProbeRequest, Verdict
from safe_langsmith._core.redaction import clean, redact_value
from safe_langsmith._core.settings import DEFAULT_ENDPOINT, VARIABLES, effective
from safe_langsmith._recovery.state import ClientState
from safe_langsmith.checkup import examine
from safe_langsmith.client import SafeClient
from safe_langsmith.diagnosis import Cause, Confidence, Diagnosis, Fix
from safe_langsmith.environment import reload_environment

Found = Diagnosis | HealthReport


def look(options: Options, tell: Callable[[str], None]) -> Found:
    """Returns what is wrong with the configuration found here, or what was seen where nothing is.

    Whatever the SDK raises is a diagnosis, too: it raises it in the user's program as well.

    Args:
        options: What the user wants.
        tell: Called with each question before it is asked.
    """
    made = False
    try:
        if options.load_env:
            reload_environment(options.env_file)
        client = SafeClient(
            api_url=options.endpoint,
            workspace_id=options.workspace_id,
            auto_batch_tracing=False,
            probe=not options.offline,
            dotenv_path=options.env_file,
        )
        made = True
        with closing(client.session):
            return examine(client, lambda question: tell(f"Probing the endpoint: GET {_spelt(question)} ..."))
    except Exception as error:
        return _without_answer(error, made, options)


def _without_answer(error: Exception, made: bool, options: Options) -> Diagnosis:
    safeguard = ClientState(True, False, options.env_file)
    given = {"endpoint": options.endpoint, "workspace_id": options.workspace_id}
    in_use = {name: value for name, value in given.items() if value is not None}
    arguments = {"endpoint": "the api_url argument", "workspace_id": "the workspace_id argument"}
    local = safeguard.configuration(in_use, {name: arguments[name] for name in in_use})
    keys = tuple(value for _, value in effective("api_key", os.environ))
    facts = Facts(
        endpoint=local.settings["endpoint"].value or DEFAULT_ENDPOINT,
        credential=describe(keys[0] if keys else None),
        settings=local.settings,
        workspace_id=local.settings["workspace_id"].value,
        workspace_source=local.settings["workspace_id"].source,
        variables=local.variables,
        drift=local.drift,
        notes=local.notes,
        dotenv_path=local.dotenv_path,
        remarks=local.remarks,
        related_variables=local.related_variables,
    )
    verdict = Verdict(Cause.UNDETERMINED, Confidence.POSSIBLE, "nothing was asked")
    found = conclude(Evidence(facts), verdict).diagnosis
    said = f"{type(error).__name__}: {clean(str(error), 300, keys)}".rstrip(": .")
    if made:
        summary = f"Looking at the client failed. {said}."
        fix = Fix("Look whether a setting above is mistyped", "If none is, report this text; it holds no secret.")
    else:
        summary = f"langsmith makes no client of what is set here. It says: {said}."
        others = ", ".join(sorted(clean(name, 80, keys) for name in os.environ if _is_another(name))[:8])
        fix = Fix(
            "Correct the setting that this is about",
            "It ends your program with the same error."
            + (f" Set here beside the settings above: {others}." if others else ""),
        )
    return redact_value(replace(found, summary=summary, fixes=(fix,)), keys)


def _spelt(question: ProbeRequest) -> str:
    return f"{question.path}?{question.query}" if question.query else question.path


def _is_another(name: str) -> bool:
    """Whether a variable is of LangSmith and holds none of the five settings."""
    return name.startswith(("LANGSMITH_", "LANGCHAIN_")) and not any(name in names for names in VARIABLES.values())
