"""Fixes for an API key that is missing, malformed, old or refused."""

from __future__ import annotations

from safe_langsmith._core.credentials import ProblemKind
from safe_langsmith._core.endpoints import region_of, sends_runs, ui_url
from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.fixes.shared import (
    DOCS,
    DOTENV_URL,
    REGIONS_URL,
    SCOPES_URL,
    STATUS_URL,
    act_on_words,
    call_again,
    correct_dotenv,
    harmless,
    how_to_set,
    in_shell,
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
from safe_langsmith._core.fixes.workspace import workspace_outdated
from safe_langsmith._core.model import OtherRegion, RegionAnswer
from safe_langsmith._core.redaction import TO_FILL_IN
from safe_langsmith._core.variables import VARIABLES
from safe_langsmith.actions import (
    AskSomebody,
    CreateClient,
    PreferProfile,
    ReloadEnvironment,
    SetVariable,
    Steps,
    UnsetVariable,
)
from safe_langsmith.diagnosis import Action, Fix

_NOT_READ = "the client does not read it"


_REPAIRS: dict[ProblemKind, tuple[str, str]] = {
    "reference": (
        "Give the value of the secret, not its name",
        "{origin} holds the name. Let the program fetch the value, or the tool that starts it, as `op run` does.",
    ),
    "encoded": (
        "Decode the key, and use what comes out",
        "{origin} holds a text that {problem}. In a Kubernetes Secret, `data` is base64, `stringData` is not.",
    ),
    "two keys": ("Keep one of the two", "{origin} holds a text that {problem}. A request carries one key."),
    "characters": (
        "Remove what does not belong to the key",
        '{origin} holds a text that {problem}. A key has only letters, digits and "_".',
    ),
    "short": (
        "Copy the whole key",
        "{origin} holds only a part. LangSmith shows a key once; if you have no copy, create a new one.",
    ),
    "first letters": (
        "Write the key as LangSmith showed it",
        "{origin} holds a text that {problem}.",
    ),
    "address": (
        "Give a key; an address belongs in LANGSMITH_ENDPOINT",
        "{origin} holds an address. Leave LANGSMITH_ENDPOINT unset for LangSmith's cloud in the US.",
    ),
    "comment": (
        "Remove the comment behind the key",
        "{origin} holds both. Some programs that load .env files keep comments: Docker does.",
    ),
}
"""How to mend a text that holds, names or was a key. For any other text, a key has to be created."""


def key_malformed(e: Evidence) -> list[Fix]:
    words = act_on_words(e) if e.words_unknown else []
    return _other_key_first(e, [*_swap(e), _real_key(e), *words, *show_variables(e), *_stop_tracing(e)])


def _swap(e: Evidence) -> list[Fix]:
    """Return how to exchange the key and what stands in its place, or nothing if they are not swapped."""
    if e.swapped_with is None:
        return []
    is_id = e.target.credential.problem_kind == "uuid"
    key, workspace = (e.configuration[name].origin for name in ("api_key", "workspace_id"))
    holder = workspace.variable if e.target.is_swapped else e.swapped_with
    action = None
    if key.variable and holder:
        # A variable that the client does not read would not help.
        is_read = any(holder in names for names in VARIABLES.values())
        other = holder if is_read else "LANGSMITH_WORKSPACE_ID" if is_id else "LANGSMITH_ENDPOINT"
        file = workspace.file if e.target.is_swapped else None
        action = Steps(
            (
                SetVariable(key.variable, f"<the value of {holder}>", file=key.file),
                SetVariable(other, f"<the value of {key.variable}>", file=file),
            )
        )
    what, place = ("the ID of a workspace", "workspace ID") if is_id else ("an address", "endpoint")
    if holder in VARIABLES["project"]:
        what, place = "a name", "project"
    title = f"Swap the API key and the {place}"
    detail = f"{key} holds {what}, and {holder or workspace} holds a key."
    return [Fix(title, detail, action=action, step=3)]


def _real_key(e: Evidence) -> Fix:
    origin, credential = e.configuration["api_key"].origin, e.target.credential
    problem = credential.problem_kind
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
    if problem in _REPAIRS:
        title, detail = _REPAIRS[problem]
        url = DOTENV_URL if problem == "comment" else settings_url(e, "apikeys")
        return Fix(title, detail.format(origin=origin, problem=credential.problem), action=set_key(e), url=url, step=3)
    return Fix(
        f"Create a key, and put it where this one comes from: {origin}",
        'LangSmith keys begin with "lsv2_pt_" (personal) or "lsv2_sk_" (service). LangSmith shows a key only once, '
        "when you create it.",
        action=set_key(e),
        url=settings_url(e, "apikeys"),
        step=1,
    )


def key_legacy(e: Evidence) -> list[Fix]:
    return _other_key_first(
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
    empty = related.empty_key
    how = f"Set {empty or 'LANGSMITH_API_KEY'} before the client is created, or pass api_key=.{how_to_set(e)}"
    why = "Create one if you have none."
    if empty:
        why = f"{empty} is set, but empty. CI services give no secrets to runs for a fork."
    set_it = Fix(
        f"Give {empty} a value" if empty else "Set the API key",
        f"{why} {how}",
        action=SetVariable(empty or "LANGSMITH_API_KEY", TO_FILL_IN),
        url=settings_url(e, "apikeys"),
        step=3,
    )
    return _other_key_first(e, [*fixes, *_move(e), set_it, *show_variables(e), *_stop_tracing(e)])


def _move(e: Evidence) -> list[Fix]:
    """Return how to use a key that stands in a variable for something else, or nothing if none does."""
    holder = e.configuration.related_variables.misplaced_key
    if holder is None:
        return []
    action = SetVariable("LANGSMITH_API_KEY", f"<the value of {holder}>")
    return [
        Fix(f"Move the key from {holder} to LANGSMITH_API_KEY", f"{holder} is not for a key.", action=action, step=3)
    ]


def key_rejected(e: Evidence) -> list[Fix]:
    return [*act_on_words(e), *_replace_key(e)] if e.words_unknown else _replace_key(e)


def _replace_key(e: Evidence) -> list[Fix]:
    elsewhere = _use_other_key(e)
    if e.named_reason:
        is_of_key = e.named_reason in ("expired", "revoked")
        return [*(elsewhere if is_of_key else []), *act_on_words(e), *show_variables(e), *_stop_tracing(e)]
    if not e.facts.successes:
        elsewhere += _move(e)
    before, others = e.facts.successes, [*show_variables(e), *reload(e), new_key(e), *_stop_tracing(e)]
    if before:
        # It belongs to this region and organization, because it worked here.
        title = "Create a new key, unless the error is temporary"
        return [*elsewhere, new_key(e, title), _wait(e), *show_variables(e), *reload(e), *_stop_tracing(e)]
    if e.target.credential.kind == "oauth":
        return [new_key(e), *one_source(e), _check_region(e), *show_variables(e)]
    if e.facts.is_known_nowhere:
        return [*elsewhere, *_check_scope(e), new_key(e, "Create a new key"), *show_variables(e), *reload(e)]
    fixes = [*elsewhere, *one_source(e), _check_region(e)]
    fixes += _check_scope(e)
    # A line that python-dotenv misreads may be the one with the right key.
    if any(name in VARIABLES["api_key"] for name in e.configuration.misread):
        return [*correct_dotenv(e), *fixes, *others]
    return [*fixes, *correct_dotenv(e), *others]


def _check_scope(e: Evidence) -> list[Fix]:
    """Return what to check of a service key, or nothing for other keys."""
    if e.target.credential.kind != "service":
        return []
    detail = "A service key may be limited to a workspace it cannot list, or the organization to some addresses."
    if e.target.workspace_id:
        detail += f" Check workspace {e.target.workspace} from {e.target.workspace_origin}."
    return [Fix("Check the key's workspace and the organization's IP rules", detail, url=SCOPES_URL, step=2)]


def _use_other_region(e: Evidence, other: OtherRegion) -> Fix:
    origin = e.configuration["endpoint"].origin
    source = "the default" if origin.kind == "default" else f"from {origin}"
    return Fix(
        f"Use the endpoint of {other.region}, which {other.source} names",
        f"This client uses {e.target.endpoint}, {source}. A library that creates its own client may have a setting "
        "of its own.",
        action=set_endpoint(e, other.endpoint),
        url=REGIONS_URL,
        step=3,
    )


def _check_region(e: Evidence) -> Fix:
    here = region_of(e.target.endpoint)
    if e.facts.other_region:
        return _use_other_region(e, e.facts.other_region)
    if here:
        return Fix(
            "Use the endpoint of the region where the key was created",
            f"This request went to the {here} region. The address of the web page where the key was created shows its "
            "region. To ask all regions, run `python -m safe_langsmith --find-region`.",
            action=set_other_region(e),
            url=REGIONS_URL,
            step=3,
        )
    return Fix(
        "Check that the key was created at this endpoint",
        f"A key belongs to one organization and one deployment, here {e.target.endpoint}.",
        url=settings_url(e, "apikeys"),
        step=3,
    )


def _wait(e: Evidence) -> Fix:
    return Fix(f"Or {call_again(e).lower()} in a minute", "The same key worked here before.", url=STATUS_URL)


def wrong_region(e: Evidence) -> list[Fix]:
    other, knowing = e.facts.other_region, e.facts.knowing_region
    if knowing is not None:
        does = "accepts" if knowing.answer.authorized else "knows"
        title = f"Use the endpoint of {knowing.region}, which {does} this key"
        detail = f"This client uses {e.target.endpoint}."
        use_it = Fix(title, detail, action=set_endpoint(e, knowing.endpoint), url=REGIONS_URL, step=3)
        return [use_it, *_as_the_region_says(knowing), *one_source(e)]
    if other is None:
        return key_rejected(e)
    return [_use_other_region(e, other), *act_on_words(e), *one_source(e), *show_variables(e), new_key(e)]


def _as_the_region_says(knowing: RegionAnswer) -> list[Fix]:
    """Return what to do about the reason for which the region that knows the key refuses it, or nothing."""
    body, settings = knowing.answer.body, f"{ui_url(knowing.endpoint)}/settings"
    if knowing.answer.authorized or not (body.named_reason or body.names_no_workspace):
        return []
    said = f'{knowing.region} says "{body.message}".'
    if body.names_no_workspace:
        return [Fix("And name the workspace", said, url=f"{settings}/workspaces", step=2)]
    if body.named_reason in ("expired", "revoked"):
        return [Fix("And create a new key there", said, url=f"{settings}/apikeys", step=5)]
    return [Fix("And ask an admin of the organization there", said, action=AskSomebody(harmless(said)), url=settings)]


def stale_environment(e: Evidence) -> list[Fix]:
    if e.is_outdated:
        return workspace_outdated(e)
    if any(answer.authorized for answer in e.answers.values()):
        return [*_choose_value(e), *_keep_one(e), *show_variables(e)]
    reloading = reload(e, "Reload the environment, then create a new client")
    return [*reloading, *correct_dotenv(e), *act_on_words(e), *show_variables(e), new_key(e)]


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
    tracing, refused = e.configuration["tracing"], e.request
    # The SDK takes no other spelling for yes.
    if tracing.value != "true" or not tracing.origin.variable:
        return []
    if refused and not sends_runs(refused.path, refused.method):
        return []
    action = set_variable(e, "tracing", "false")
    return [Fix("Or turn tracing off", "If this program is not meant to trace.", action=action, step=3)]


def _other_key_first(e: Evidence, fixes: list[Fix]) -> list[Fix]:
    """Put another place that holds a key first: one that counts now, or else one that is overridden or not read."""
    elsewhere = _use_other_key(e)
    return [*elsewhere, *correct_dotenv(e), *fixes, *([] if elsewhere else reload(e))]


def _use_other_key(e: Evidence) -> list[Fix]:
    """Return how to use the key that another place on this machine holds, or nothing if none does."""
    other = e.configuration.other_key
    if e.configuration.newer_key:
        return reload(e)
    if other is None or not e.target.primary:
        return []
    used, place = e.configuration["api_key"].origin, other.origin
    name = used.variable or "LANGSMITH_API_KEY"
    title, detail = f"Use the key in {place.variable or place}", f"It holds {other.value}. "
    action: Action = SetVariable(name, f"<the value of {place.name}>", file=used.file)
    if place.kind == "unread-variable":
        title, detail = f"Set {name} as well", f"{place.name} holds a key, {other.value}, and {_NOT_READ}."
    elif place.kind == "profile" and used.variable:
        detail += f"{used.variable} overrides it."
        action = PreferProfile((used.variable,))
    elif place.kind == "variable" and used.variable:
        detail += f"{used.variable} overrides it" + (f", and {used.file}:{used.line} sets that." if used.file else ".")
        unset = UnsetVariable((used.variable,))
        action = unset if in_shell(e) else Steps((unset, CreateClient(clear_cache=True)))
    return [Fix(title, detail, action=action, step=3)]
