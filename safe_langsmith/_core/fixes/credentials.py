"""What to do about a key that is missing, no key, old, or refused."""

from __future__ import annotations

from safe_langsmith._core.endpoints import region_of, ui_url
from safe_langsmith._core.fixes.actions import CLEAR_CACHE, HOW_TO_SET, endpoint_line, key_line, other_regions
from safe_langsmith._core.fixes.shared import (
    DOCS,
    DOTENV_URL,
    REGIONS_URL,
    SCOPES_URL,
    correct_dotenv,
    look_at_the_variables,
    new_key,
    one_source,
    reload,
)
from safe_langsmith._core.model import Evidence
from safe_langsmith._core.redaction import TO_FILL_IN
from safe_langsmith._core.settings import VARIABLES, variable_in
from safe_langsmith.diagnosis import Fix


def key_malformed(e: Evidence) -> list[Fix]:
    return _newer_first(e, [_real_key(e), look_at_the_variables(), *_no_tracing(e)])


def _real_key(e: Evidence) -> Fix:
    source = e.facts.settings["api_key"].source
    name = variable_in(source)
    keys = f"{ui_url(e.facts.endpoint)}/settings/apikeys"
    if e.facts.credential.wrong == "code":
        return Fix(
            "Give the key itself, not the code that would give it",
            f"{source} holds the text of the code. `%env` and .env files take text as it stands and do not run "
            "it. A cell or a program does."
            if name
            else f"What comes from {source} is the text of the code.",
            f'import os; os.environ["{name}"] = "{TO_FILL_IN}"  # or the code that gives it, without quotes\n'
            f"{CLEAR_CACHE}"
            if name and e.facts.is_own
            else key_line(e),
            keys,
            step=3,
        )
    if e.facts.credential.wrong == "comment":
        return Fix(
            "Remove the comment behind the key",
            f"{source} holds both. Not all that loads .env files drops comments: Docker does not.",
            key_line(e),
            DOTENV_URL,
            step=3,
        )
    return Fix(
        f"Create a key, and put it where this one comes from: {source}",
        'LangSmith keys begin with "lsv2_pt_" (personal) or "lsv2_sk_" (service). A key is shown only once, when it is '
        "created.",
        key_line(e),
        keys,
        step=1,
    )


def key_legacy(e: Evidence) -> list[Fix]:
    new = new_key(e, "Create a new key; the old kind is not accepted any more")
    return _newer_first(e, [new, look_at_the_variables()])


def key_missing(e: Evidence) -> list[Fix]:
    around, fixes = e.facts.related_variables, []
    if around.otel:
        fixes.append(
            Fix(
                "Send runs through OpenTelemetry only, if that is what you mean",
                f"With {around.otel} alone they go to LangSmith as well, and there they need a key.",
                "LANGSMITH_OTEL_ONLY=true",
                f"{DOCS}/trace-with-opentelemetry",
                step=3,
            )
        )
    fixes += [
        Fix(
            f"Rename {name}",
            "The SDK does not read it.",
            f"LANGSMITH_API_KEY=<the value of {name}>",
            step=3,
        )
        for name in around.ignored.get("api_key", ())
    ]
    set_it = Fix(
        "Set the API key",
        f"Create one if you have none. Set LANGSMITH_API_KEY before the client is made, or pass api_key=. {HOW_TO_SET}",
        f"LANGSMITH_API_KEY={TO_FILL_IN}",
        f"{ui_url(e.facts.endpoint)}/settings/apikeys",
        step=3,
    )
    return _newer_first(e, [*fixes, set_it, look_at_the_variables(), *_no_tracing(e)])


def key_rejected(e: Evidence) -> list[Fix]:
    fixes = one_source(e)
    here = region_of(e.facts.endpoint)
    if here:
        fixes.append(
            Fix(
                "Use the endpoint of the region where the key was created",
                "Keys belong to one region, and the address of the web page where the key was made shows it. This "
                f"request went to {here}.",
                other_regions(e),
                REGIONS_URL,
                step=3,
            )
        )
    else:
        fixes.append(
            Fix(
                "Check that the key was created at this endpoint",
                f"Keys belong to one organization and one deployment, here {e.facts.endpoint}.",
                None,
                f"{ui_url(e.facts.endpoint)}/settings/apikeys",
                step=3,
            )
        )
    if e.facts.credential.kind == "service":
        detail = "A service key may be limited to a workspace it cannot list, or the organization to some addresses."
        if e.facts.workspace_id:
            detail += f" Check workspace {e.facts.workspace} from {e.facts.workspace_source}."
        fixes.append(Fix("Check the key's workspace and the organization's IP rules", detail, None, SCOPES_URL, step=2))
    others = [look_at_the_variables(), *reload(e), new_key(e), *_no_tracing(e)]
    # A line that python-dotenv leaves out may well be the one with the right key.
    if any(name in remark for name in VARIABLES["api_key"] for remark in e.facts.remarks):
        return [*correct_dotenv(e), *fixes, *others]
    return [*fixes, *correct_dotenv(e), *others]


def wrong_region(e: Evidence) -> list[Fix]:
    other = e.facts.other_region
    if other is None:
        return key_rejected(e)
    return [
        Fix(
            f"Use the endpoint of {other.region}, which {other.source} names",
            f"This client uses {e.facts.endpoint}, {_where(e)}. A library that makes its own client may have a setting "
            "of its own.",
            endpoint_line(e, other.endpoint),
            REGIONS_URL,
            step=3,
        ),
        *one_source(e),
        look_at_the_variables(),
        new_key(e),
    ]


def stale_environment(e: Evidence) -> list[Fix]:
    if any(answer.authorized for answer in e.answers.values()):
        return [*_which_is_meant(e), *_keep_one(e), look_at_the_variables()]
    reloading = reload(e, "Reload the environment, then create a new client")
    return [*reloading, *correct_dotenv(e), look_at_the_variables(), new_key(e)]


def _which_is_meant(e: Evidence) -> list[Fix]:
    """What to do about a client that works and may not be the one that is meant: first of all, to look."""
    fixes = []
    for drift in e.facts.unintended_drift[:1]:
        setting = e.facts.settings[drift.setting]
        detail = (
            f"This client works with {setting.value or 'none'} from {setting.source}; {drift.now.source} says "
            f"{drift.now.value}. Where the first is meant, as in a deployment beside a developer's .env, leave it so."
        )
        again = "client = SafeClient()"
        if drift.dotenv_path:
            reloading = f"from safe_langsmith import reload_environment; reload_environment({drift.dotenv_path!r})"
            again = f"{reloading}\n{again}"
        fixes.append(
            Fix("See which of the two is meant, and make the client anew for the other", detail, again, step=4)
        )
    return fixes


def _keep_one(e: Evidence) -> list[Fix]:
    if e.facts.unintended_drift:
        return []
    return [
        Fix(
            f"Keep one of {variable_in(e.facts.settings[variable.setting].source)} and {variable.name}",
            f"{variable.name} is overruled, and says {variable.shown}.",
            f'import os; os.environ.pop("{variable.name}", None)',
            step=3,
        )
        for variable in e.facts.disagreeing
    ]


def _no_tracing(e: Evidence) -> list[Fix]:
    tracing = e.facts.settings["tracing"]
    name = variable_in(tracing.source)
    if (tracing.value or "").lower() != "true" or name is None:
        return []
    return [Fix("Or turn tracing off", "If this program is not meant to trace.", f"{name}=false", step=3)]


def _where(e: Evidence) -> str:
    source = e.facts.settings["endpoint"].source
    return "which is the default" if source == "default" else f"from {source}"


def _newer_first(e: Evidence, fixes: list[Fix]) -> list[Fix]:
    """Puts reloading first where another key is waiting in the environment or `.env`, and last where none is."""
    if e.facts.newer_key:
        return [*reload(e), *correct_dotenv(e), *fixes]
    return [*correct_dotenv(e), *fixes, *reload(e)]
