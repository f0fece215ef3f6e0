"""Run the five documented checks, always all five, and then this library's own."""

from __future__ import annotations

from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.model import GET_SETTINGS, Drift, Verdict
from safe_langsmith._core.origins import SDK_CACHE
from safe_langsmith._core.permissions import is_for_token_holders, still_allowed
from safe_langsmith._core.responses import NO_BODY
from safe_langsmith._core.summary import joined, named
from safe_langsmith._core.variables import DOCUMENTED, LABELS
from safe_langsmith._core.workspaces import WorkspaceIndex
from safe_langsmith.diagnosis import Cause, Check, CheckResult, Confidence

_KINDS = {
    "personal": 'a personal access token ("lsv2_pt_"): it acts for its user, in the user\'s default workspace',
    "service": 'a service key ("lsv2_sk_"): it acts for one workspace, several, or the organization',
    "legacy": 'a legacy key ("ls__"), which LangSmith no longer accepts',
    "oauth": "an OAuth token from a login profile",
    "unrecognized": 'its first letters are not those of a LangSmith key ("lsv2_pt_" or "lsv2_sk_")',
    "missing": "no credential was sent",
}
_NO_ANSWER = "not applicable: no request was refused"
# No check reacts to this verdict.
_NO_VERDICT = Verdict(Cause.UNDETERMINED, Confidence.POSSIBLE, "")
_KEY_CAUSES = (Cause.KEY_MALFORMED, Cause.KEY_LEGACY, Cause.KEY_MISSING)
_WORKSPACE_CAUSES = (Cause.WORKSPACE_NOT_ACCESSIBLE, Cause.WORKSPACE_ID_MALFORMED, Cause.WORKSPACE_REQUIRED)
_REFUSED_CAUSES = (Cause.KEY_REJECTED, Cause.STALE_ENVIRONMENT, Cause.WRONG_REGION)


def run_checks(e: Evidence, verdict: Verdict | None) -> tuple[Check, ...]:
    """Return every check with its actual result.

    Args:
        e: The evidence.
        verdict: The verdict, or `None` if nothing is wrong.
    """
    verdict = verdict or _NO_VERDICT
    return (
        _key_type(e, verdict),
        _workspace_id(e, verdict),
        _variables(e, verdict),
        _cached_and_dotenv(e, verdict),
        _regenerate(e, verdict),
        _who_answered(e),
        _permission(e),
        *_bypasses(e, verdict),
    )


def _key_type(e: Evidence, verdict: Verdict) -> Check:
    credential = e.target.credential
    result: CheckResult = "unknown" if credential.kind == "unrecognized" or credential.problem else "ok"
    if e.target.key_problem or verdict.cause in _KEY_CAUSES:
        result = "problem"
    seen = f"it {credential.problem}" if credential.problem else _KINDS[credential.kind]
    source = e.configuration["api_key"].origin
    return Check(1, "API key type", result, f"{seen}; read from {source}" if credential.kind != "missing" else seen)


def _workspace_id(e: Evidence, verdict: Verdict) -> Check:
    facts = e.facts
    if facts.target.inherited_workspace and verdict.cause is Cause.WORKSPACE_NOT_ACCESSIBLE:
        return _step2(
            "problem", f"{facts.target.inherited_workspace} from {facts.target.workspace_origin}: {verdict.reason}"
        )
    if facts.target.workspace_id is None:
        if verdict.cause is Cause.WORKSPACE_REQUIRED:
            return _step2("problem", f"none named; {verdict.reason}")
        home = e.answers.get(GET_SETTINGS)
        if home and home.resolved:
            return _step2("ok", f"none named, so the key's default is used: {named(home.resolved)}")
        if facts.target.credential.kind == "personal":
            return _step2("ok", "none named; a personal access token then uses its user's default workspace")
        if verdict.cause in _KEY_CAUSES:
            return _step2("not-applicable", "none named; first a key is needed")
        return _step2("unknown", "none named; it is not known whether this key needs one")
    shown = facts.target.workspace_shown
    if e.is_outdated or verdict.cause in _WORKSPACE_CAUSES:
        return _step2("problem", f"{shown} from {facts.target.workspace_origin}: {verdict.reason}")
    if any(q.workspace_id == facts.target.workspace and answer.resolved for q, answer in e.answers.items()):
        return _step2("ok", f"{shown} from {facts.target.workspace_origin}: well-formed, and the key reaches it")
    if facts.target.workspace is None:
        return _step2("problem", f"{shown} from {facts.target.workspace_origin}: it is not a UUID")
    return _step2(
        "unknown",
        f"{shown} from {facts.target.workspace_origin}: well-formed; it is not known whether the key reaches it",
    )


def _variables(e: Evidence, verdict: Verdict) -> Check:
    # Overridden variables come first, because long details are cut.
    variables = sorted(e.configuration.variables, key=lambda variable: not variable.overridden)
    seen = [f"{v.name}={v.shown}{' (overridden)' if v.overridden else ''}" for v in variables]
    empty = e.configuration.related_variables.empty
    present = {*empty, *(variable.name for variable in e.configuration.variables)}
    unset = [name for name in DOCUMENTED if name not in present]
    detail = ", ".join(seen) + ("; " if seen and unset else "") + (f"not set: {', '.join(unset)}" if unset else "")
    lacks_key = verdict.cause is Cause.KEY_MISSING and not any(v.setting == "api_key" for v in variables)
    if lacks_key:
        lack = "set, but empty" if "LANGSMITH_API_KEY" in empty else "not set"
        detail = "; set: ".join([f"LANGSMITH_API_KEY is needed and {lack}", *([", ".join(seen)] if seen else [])])
    mixture = [f"mixed: {e.configuration.mixture}"] if e.configuration.mixture else []
    detail = "; ".join([*mixture, *e.configuration.related_variables.messages, detail])
    troubled = (
        any(v.overridden for v in e.configuration.variables)
        or e.configuration.mixture
        or e.configuration.related_variables.ignored_by_mistake
        or e.configuration.related_variables.empty
    )
    return Check(3, "Environment variables", "problem" if troubled or lacks_key else "ok", detail)


def _cached_and_dotenv(e: Evidence, verdict: Verdict) -> Check:
    title = "Cached variables and .env"
    differing = [
        f"{LABELS.get(drift.setting, drift.setting)} in use is {e.configuration[drift.setting].value or 'not set'}, "
        f"but {drift.now.origin} says {drift.now.value}"
        for drift in e.configuration.drift
        if (not drift.on_purpose or verdict.cause is Cause.STALE_ENVIRONMENT) and not _means_the_same(e, drift)
    ]
    differing += [
        f"{LABELS.get(name, name)} in use is {setting.value}, {SDK_CACHE}"
        for name, setting in e.configuration.settings.items()
        if setting.origin == SDK_CACHE and not any(drift.setting == name for drift in e.configuration.drift)
    ]
    differing += e.configuration.warnings
    if differing:
        return Check(4, title, "problem", "; ".join(differing))
    if e.configuration.read_errors:
        return Check(4, title, "unknown", "; ".join(e.configuration.read_errors))
    unknown = [
        f"{LABELS.get(name, name)} in use is {setting.value}, and no variable, .env or profile here holds it: "
        f"it is from {setting.origin}"
        for name, setting in e.configuration.settings.items()
        if setting.origin.kind == "unknown" and setting.value is not None
    ]
    if unknown:
        return Check(4, title, "unknown", "; ".join([*unknown, *e.configuration.notes]))
    given = ", ".join(LABELS.get(drift.setting, drift.setting) for drift in e.configuration.drift)
    seen = f"given on purpose, and different there: {given}" if given else "nothing in use is out of date"
    return Check(4, title, "ok", "; ".join([seen, *e.configuration.notes]))


def _means_the_same(e: Evidence, drift: Drift) -> bool:
    """Return whether a workspace that is named in another way is the one in use: by its name, or within an address."""
    if drift.setting != "workspace_id" or e.place is None:
        return False
    return WorkspaceIndex((e.place,)).meant_by(drift.now.value) is not None


def _regenerate(e: Evidence, verdict: Verdict) -> Check:
    title = "Need for a new key"
    if verdict.cause in _KEY_CAUSES:
        return Check(
            5,
            title,
            "problem",
            "this one cannot be used" if e.target.credential.kind != "missing" else "there is no key",
        )
    granted = any(answer.authorized for answer in e.answers.values())
    if verdict.cause is Cause.WORKSPACE_ID_MALFORMED and e.refused_without_workspace:
        return Check(5, title, "problem", "the endpoint refused this key without a workspace, too")
    if verdict.cause is Cause.STALE_ENVIRONMENT and e.configuration.newer_key and not granted:
        return Check(
            5,
            title,
            "problem",
            f"the endpoint refused this key; first try the one in {e.configuration.newer_key.now.origin}",
        )
    if verdict.cause in _REFUSED_CAUSES and not granted:
        return Check(5, title, "problem", "the endpoint refused this key; a new one must be made for the same endpoint")
    if granted:
        return Check(5, title, "not-applicable", "the endpoint accepts this key, so a new one would change nothing")
    if e.body.names_no_workspace:
        return Check(5, title, "not-applicable", "the endpoint knows this key, so a new one would change nothing")
    return Check(5, title, "unknown", "it is not known whether the endpoint accepts this key")


def _who_answered(e: Evidence) -> Check:
    title, facts = "Who answered", e.facts
    if e.proxy_refusal:
        return Check(None, title, "problem", f'a proxy, which refused to connect to the endpoint: "{e.proxy_refusal}"')
    if facts.request is None and e.body == NO_BODY:
        return Check(None, title, "not-applicable", _NO_ANSWER)
    if facts.request and facts.request.redirected_to:
        return Check(None, title, "problem", f"another host, {facts.request.redirected_to}, after a redirect")
    quoted = f': "{e.body.message}"' if e.body.message else ""
    if e.body.agent_server:
        return Check(None, title, "unknown", f"LangSmith or an Agent Server, which runs deployments{quoted}")
    if e.body.form == "json":
        return _json_answered(e, title, quoted)
    if e.body.form == "html":
        edge = ", but perhaps LangSmith's edge, which answers in HTML" if e.is_at_cloud else ""
        return Check(None, title, "problem", f"{e.body.message}, not LangSmith's API{edge}")
    if e.body.speaker:
        return Check(None, title, "problem", f"{e.body.speaker}{quoted}")
    if e.body.form == "empty":
        return Check(None, title, "unknown", "the answer has no body, so it is not known who sent it")
    return Check(
        None, title, "unknown", f"it has not the form of LangSmith's errors, so it is not known who sent it{quoted}"
    )


def _json_answered(e: Evidence, title: str, quoted: str) -> Check:
    if e.is_info_refused:
        return Check(None, title, "problem", f"not LangSmith, which answers GET /info to anybody{quoted}")
    if e.body.has_langsmiths_words and e.sureness(e.body) is Confidence.CONFIRMED:
        return Check(None, title, "ok", f"LangSmith, as its words show{quoted}")
    if e.body.is_bare and e.is_langsmith_there:
        return Check(None, title, "ok", f"LangSmith, it seems: it answers there, and in this form{quoted}")
    return Check(None, title, "unknown", f"LangSmith, or another service that writes JSON in the same form{quoted}")


def _permission(e: Evidence) -> Check:
    title, needed = "Permission", e.requirement
    if e.request is None:
        return _permissions_needed(e, title)
    if is_for_token_holders(e.request.path):
        return Check(None, title, "not-applicable", "the address holds a token that permits the operation by itself")
    if needed is None:
        return Check(None, title, "unknown", "which permission this operation needs is not documented")
    if e.body.permission:
        return Check(None, title, "problem", f"the server says that {needed.permission} is missing")
    if e.place is None:
        return Check(None, title, "unknown", f"needs {needed.permission}; it is not known whether the caller has it")
    if e.place.permissions is None and not (e.is_permitted or e.lacks_permission):
        return Check(
            None, title, "unknown", f"needs {needed.permission}; the server did not list the caller's permissions"
        )
    role, lacking = e.place.role or "the caller's role", e.lacks_permission
    who = f'{role} in workspace "{e.place.name}"'
    if lacking is None:
        return Check(None, title, "ok", f"needs {needed.permission}; {who} includes it")
    works = still_allowed(lacking, e.place.permissions or ())
    detail = f"needs {lacking}; {who} does not include it" + (f", but includes {works}" if works else "")
    return Check(None, title, "problem", detail)


def _permissions_needed(e: Evidence, title: str) -> Check:
    """Return the check of what the program needs, before any request is refused."""
    if not e.facts.needs:
        return Check(None, title, "not-applicable", _NO_ANSWER)
    needed = f"needs {joined(e.facts.needs)}"
    role = (e.place and e.place.role) or "the caller's role"
    who = f'{role} in workspace "{e.place.name}"' if e.place else "the caller's role"
    if e.lacking:
        return Check(None, title, "problem", f"{needed}; {who} does not include {joined(e.lacking)}")
    if e.unlisted:
        return Check(None, title, "unknown", f"{needed}; it is not known whether {who} includes {joined(e.unlisted)}")
    return Check(None, title, "ok", f"{needed}; {who} includes that")


def _bypasses(e: Evidence, verdict: Verdict) -> tuple[Check, ...]:
    """Return the check on bypasses, or nothing if none is in use: a line that is always there would go unread."""
    if not e.target.bypasses:
        return ()
    seen = "; ".join(f"{bypass.name}: {bypass.lacks}" for bypass in e.target.bypasses)
    result: CheckResult = "problem" if verdict.cause is Cause.WORKSPACE_REQUIRED else "unknown"
    return (Check(None, "Requests that bypass the client", result, seen),)


def _step2(result: CheckResult, detail: str) -> Check:
    return Check(2, "Workspace ID", result, detail)
