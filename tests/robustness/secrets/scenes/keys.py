"""What is wrong with the key."""

from __future__ import annotations

from safe_langsmith.testing import Reply

from ....conftest import CANARY, mint_canary
from ..leaks import secret_part
from ..stage import PASSWORD, Scene, Stage, scene


@scene
def a_placeholder(stage: Stage) -> Scene:
    return Scene(stage.server.url, f"<{CANARY}-your-api-key>", (CANARY,))


@scene
def a_key_that_was_revoked(stage: Stage) -> Scene:
    return stage.scene(stage.revoked())


@scene
def a_legacy_key(stage: Stage) -> Scene:
    key = mint_canary("ls__")
    stage.server.fault(None, None, Reply(403, {"detail": "Forbidden"}), times=None)
    return Scene(stage.server.url, key, (key[4:-4],))


@scene
def another_vendors_key(stage: Stage) -> Scene:
    key = mint_canary("sk-proj-")
    return Scene(stage.server.url, key, (key[8:],))


@scene
def a_gateways_token(stage: Stage) -> Scene:
    key = mint_canary("")
    return Scene(stage.server.url, key, (key,))


@scene
def a_key_in_quotes_of_code(stage: Stage) -> Scene:
    key = f'os.environ["{mint_canary("lsv2_pt_")}"]'
    return Scene(stage.server.url, key, (key[20:],))


@scene
def a_key_with_a_blank_in_it(stage: Stage) -> Scene:
    key = f"{mint_canary('lsv2_pt_')} # of {CANARY}"
    return Scene(stage.server.url, key, (key[8:],))


@scene
def a_key_with_a_line_break_in_it(stage: Stage) -> Scene:
    """The HTTP libraries refuse to send it, and show it."""
    key = f"{mint_canary('lsv2_pt_')}\nDATABASE={PASSWORD}"
    return Scene(stage.server.url, key, (key[8:40], PASSWORD), "as with the SDK")


@scene
def a_key_with_blanks_and_quotes_around(stage: Stage) -> Scene:
    """The SDK takes them off."""
    key = stage.viewer()
    return Scene(stage.server.url, f' "{key}"\n', (secret_part(key),))
