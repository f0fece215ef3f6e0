"""Fixes for an API key that is missing, malformed, old or refused."""

from __future__ import annotations

from safe_langsmith._core.endpoints import region_of
from safe_langsmith._core.fixes.shared import (
    DOCS,
    DOTENV_URL,
    REGIONS_URL,
    SCOPES_URL,
    correct_dotenv,
    how_to_set,
    new_key,
    one_source,
    reload,
    set_endpoint,
    set_key,
    set_other_region,
    set_variable,
    settings_url,
    show_variables,
)
from safe_langsmith._core.model import Evidence
from safe_langsmith._core.redaction import TO_FILL_IN
from safe_langsmith._core.variables import VARIABLES
from safe_langsmith.actions import CreateClient, ReloadEnvironment, SetVariable, UnsetVariable
from safe_langsmith.diagnosis import Action, Fix


def key_malformed(e: Evidence) -> list[Fix]:
    return _newer_first(e, [_real_key(e), *show_variables(e), *_stop_tracing(e)])


def _real_key(e: Evidence) -> Fix:
    origin, problem = e.configuration["api_key"].origin, e.target.credential.problem_kind
    if problem == "code":
        detail = f"What comes from {origin} is the text of the code."
        action = set_key(e)
        if origin.variable:
            detail = (
                f"{origin} holds the text of the code. `%env` and .env files do not run code. A cell or a program does."
            )
        if origin.variable and e.target.primary:
            action = SetVariable(origin.variable, TO_FILL_IN, file=origin.file, in_process=True)
        title = "Give the key itself, not the code that returns it"
        return Fix(title, detail, action=action, url=settings_url(e, "apikeys"), step=3)
    if problem == "comment":
        detail = f"{origin} holds both. Some programs that load .env files keep comments: Docker does."
        return Fix("Remove the comment behind the key", detail, action=set_key(e), url=DOTENV_URL, step=3)
    return Fix(
        f"Create a key, and put it where this one comes from: {origin}",
        'LangSmith keys begin with "lsv2_pt_" (personal) or "lsv2_sk_" (service). LangSmith shows a key only once, '
        "when you create it.",
        action=set_key(e),
        url=settings_url(e, "apikeys"),
        step=1,
    )


def key_legacy(e: Evidence) -> list[Fix]:
    return _newer_first(
        e, [new_key(e, "Create a new key; LangSmith no longer accepts the old kind"), *show_variables(e)]
    )


def key_missing(e: Evidence) -> list[Fix]:
    related, fixes = e.configuration.related_variables, []
    if related.otel:
        fixes.append(
            Fix(
                "Send runs through OpenTelemetry only, if that is what you mean",
                f"With {related.otel} alone, runs go to LangSmith as well, which needs a key.",
                action=SetVariable("LANGSMITH_OTEL_ONLY", "true"),
                url=f"{DOCS}/trace-with-opentelemetry",
                step=3,
            )
        )
    fixes += [
        Fix(
            f"Rename {name}",
            "The SDK does not read it.",
            action=SetVariable("LANGSMITH_API_KEY", f"<the value of {name}>"),
            step=3,
        )
        for name in related.ignored.get("api_key", ())
    ]
    set_it = Fix(
        "Set the API key",
        "Create one if you have none. Set LANGSMITH_API_KEY before the client is created, or pass api_key=."
        + how_to_set(e),
        action=SetVariable("LANGSMITH_API_KEY", TO_FILL_IN),
        url=settings_url(e, "apikeys"),
        step=3,
    )
    return _newer_first(e, [*fixes, set_it, *show_variables(e), *_stop_tracing(e)])


def key_rejected(e: Evidence) -> list[Fix]:
    fixes, here = one_source(e), region_of(e.target.endpoint)
    if here:
        fixes.append(
            Fix(
                "Use the endpoint of the region where the key was created",
                "A key belongs to one region. The address of the web page where it was created shows which. This "
                f"request went to {here}.",
                action=set_other_region(e),
                url=REGIONS_URL,
                step=3,
            )
        )
    else:
        fixes.append(
            Fix(
                "Check that the key was created at this endpoint",
                f"A key belongs to one organization and one deployment, here {e.target.endpoint}.",
                url=settings_url(e, "apikeys"),
                step=3,
            )
        )
    if e.target.credential.kind == "service":
        detail = "A service key may be limited to a workspace it cannot list, or the organization to some addresses."
        if e.target.workspace_id:
            detail += f" Check workspace {e.target.workspace} from {e.target.workspace_origin}."
        fixes.append(Fix("Check the key's workspace and the organization's IP rules", detail, url=SCOPES_URL, step=2))
    others = [*show_variables(e), *reload(e), new_key(e), *_stop_tracing(e)]
    # A line that python-dotenv misreads may be the one with the right key.
    if any(name in VARIABLES["api_key"] for name in e.configuration.misread):
        return [*correct_dotenv(e), *fixes, *others]
    return [*fixes, *correct_dotenv(e), *others]


def wrong_region(e: Evidence) -> list[Fix]:
    other, origin = e.facts.other_region, e.configuration["endpoint"].origin
    if other is None:
        return key_rejected(e)
    source = "the default" if origin.kind == "default" else f"from {origin}"
    return [
        Fix(
            f"Use the endpoint of {other.region}, which {other.source} names",
            f"This client uses {e.target.endpoint}, {source}. A library that creates its own client may have a setting "
            "of its own.",
            action=set_endpoint(e, other.endpoint),
            url=REGIONS_URL,
            step=3,
        ),
        *one_source(e),
        *show_variables(e),
        new_key(e),
    ]


def stale_environment(e: Evidence) -> list[Fix]:
    if any(answer.authorized for answer in e.answers.values()):
        return [*_choose_value(e), *_keep_one(e), *show_variables(e)]
    reloading = reload(e, "Reload the environment, then create a new client")
    return [*reloading, *correct_dotenv(e), *show_variables(e), new_key(e)]


def _choose_value(e: Evidence) -> list[Fix]:
    """Return the fixes for a client that works but may not use the intended value."""
    for drift in e.configuration.unintended_drift:
        setting, now = e.configuration[drift.setting], drift.now
        action: Action = ReloadEnvironment(drift.dotenv_path, True) if drift.dotenv_path else CreateClient()
        detail = (
            f"This client works with {setting.value or 'none'} from {setting.origin}; {now.origin} holds {now.value}. "
            "If the first is right, as in a deployment beside a developer's .env, change nothing."
        )
        return [Fix("Decide which value is right; create a new client to switch", detail, action=action, step=4)]
    return []


def _keep_one(e: Evidence) -> list[Fix]:
    if e.configuration.unintended_drift:
        return []
    return [
        Fix(
            f"Keep one of {e.configuration[variable.setting].origin.variable} and {variable.name}",
            f"{variable.name} is overridden and holds {variable.shown}.",
            action=UnsetVariable((variable.name,)),
            step=3,
        )
        for variable in e.configuration.disagreeing
    ]


def _stop_tracing(e: Evidence) -> list[Fix]:
    tracing = e.configuration["tracing"]
    # The SDK takes no other spelling for yes.
    if tracing.value != "true" or not tracing.origin.variable:
        return []
    action = set_variable(e, "tracing", "false")
    return [Fix("Or turn tracing off", "If this program is not meant to trace.", action=action, step=3)]


def _newer_first(e: Evidence, fixes: list[Fix]) -> list[Fix]:
    """Put reloading first if the environment or `.env` holds another key, and last otherwise."""
    if e.configuration.newer_key:
        return [*reload(e), *correct_dotenv(e), *fixes]
    return [*correct_dotenv(e), *fixes, *reload(e)]
