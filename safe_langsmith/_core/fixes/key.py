"""What to do about a key that is missing, no key, old, or refused."""

from __future__ import annotations

from safe_langsmith._core.evidence import Evidence
from safe_langsmith._core.hosts import REGIONS, region_of, ui_url
from safe_langsmith.diagnosis import Fix

from .common import REGIONS_URL, SCOPES_URL, look_at_the_variables, new_key, reload


def key_malformed(e: Evidence) -> list[Fix]:
    source = e.facts.settings["api_key"].source
    return _newer_first(
        e,
        [
            Fix(
                f"Put a real key where this one comes from: {source}",
                'LangSmith keys begin with "lsv2_pt_" (personal) or "lsv2_sk_" (service), and are shown only once.',
                None,
                f"{ui_url(e.facts.endpoint)}/settings/apikeys",
                step=1,
            ),
            look_at_the_variables(),
        ],
    )


def key_legacy(e: Evidence) -> list[Fix]:
    new = new_key(e, "Create a new key; the old kind is not accepted any more")
    return _newer_first(e, [new, look_at_the_variables()])


def key_missing(e: Evidence) -> list[Fix]:
    return _newer_first(
        e,
        [
            Fix(
                "Set the API key",
                "Set the variable before the client is made, or pass api_key=.",
                "LANGSMITH_API_KEY=<the key from Settings>",
                f"{ui_url(e.facts.endpoint)}/settings/apikeys",
                step=3,
            ),
            look_at_the_variables(),
        ],
    )


def key_rejected(e: Evidence) -> list[Fix]:
    fixes = []
    here = region_of(e.facts.endpoint)
    if here:
        first, *others = [host for host in REGIONS if REGIONS[host] != here]
        fixes.append(
            Fix(
                "Use the endpoint of the region where the key was created",
                f"Keys belong to one region, and this request went to {here}. For example, for {REGIONS[first]}:",
                "\n".join([f"LANGSMITH_ENDPOINT=https://{first}", *(f"# or https://{host}" for host in others)]),
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
    fixes += [look_at_the_variables(), *reload(e), new_key(e)]
    return fixes


def wrong_region(e: Evidence) -> list[Fix]:
    here = region_of(e.facts.endpoint)
    others = e.facts.settings["endpoint"].others
    other = next(o for o in others if region_of(o.value or "") not in (None, here))
    return [
        Fix(
            f"Use the endpoint that {other.source} names",
            f"This client uses {e.facts.endpoint}, from {e.facts.settings['endpoint'].source}.",
            f'client = SafeClient(api_url="{other.value}")',
            REGIONS_URL,
            step=3,
        ),
        look_at_the_variables(),
        new_key(e),
    ]


def stale_environment(e: Evidence) -> list[Fix]:
    return [*reload(e, "Reload the environment, then create a new client"), look_at_the_variables(), new_key(e)]


def _newer_first(e: Evidence, fixes: list[Fix]) -> list[Fix]:
    """Puts reloading first where another key is waiting in the environment or `.env`, and last where none is."""
    return [*reload(e), *fixes] if e.facts.newer_key else [*fixes, *reload(e)]
