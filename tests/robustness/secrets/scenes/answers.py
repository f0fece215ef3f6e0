"""What the server says, which may be what it was sent."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import requests

from safe_langsmith.testing import Redirect, Reply

from ....conftest import mint_canary
from ..stage import PASSWORD, Scene, Stage, scene


def _says(stage: Stage, reply: Callable[[str], Reply], path: str | None = None) -> Scene:
    key = stage.org.add_personal_key(default=stage.workspace)
    stage.server.fault(None, path, reply(key), times=None)
    return stage.scene(key)


@scene
def an_echo_in_the_body(stage: Stage) -> Scene:
    return _says(stage, lambda key: Reply(403, {"detail": f"the key {key} may not", "message": key[4:], "x": key}))


@scene
def an_answer_that_the_sdk_trips_over(stage: Stage) -> Scene:
    return _says(stage, lambda key: Reply(403, [key]))


@scene
def an_echo_over_lines_and_in_escapes(stage: Stage) -> Scene:
    return _says(
        stage, lambda key: Reply(403, {"detail": f"{key[:20]}\n{key[20:]} \x1b[1m{key[:25]}\x1b[0m{key[25:]}"})
    )


@scene
def an_echo_in_a_page(stage: Stage) -> Scene:
    page = "<html><head><title>{0}</title></head><body>{0}</body></html>"
    return _says(stage, lambda key: Reply(403, page.format(key), "text/html"))


@scene
def an_echo_at_the_end_of_what_is_shown(stage: Stage) -> Scene:
    return _says(stage, lambda key: Reply(403, {"detail": "x" * 280 + key + "x" * 900 + key}))


@scene
def an_echo_in_the_headers(stage: Stage) -> Scene:
    return _says(
        stage,
        lambda key: Reply(403, {"detail": "Forbidden"}, headers={"X-Request-Id": key, "WWW-Authenticate": key}),
    )


@scene
def an_echo_in_the_names(stage: Stage) -> Scene:
    key = stage.viewer()
    # In two pieces, too, which stand side by side once what is between them is taken out.
    name = f"of {key}, {key[:25]}\x1b[0m{key[25:]}"
    listed = {"id": stage.workspace.id, "display_name": name, "role_name": name, "permissions": [f"{name}:read"]}
    stage.server.fault(None, "/workspaces", Reply(200, [listed]), times=None)
    stage.server.fault(None, "/settings", Reply(200, listed), times=None)
    return stage.scene(key)


@scene
def an_echo_in_a_redirect(stage: Stage) -> Scene:
    elsewhere, key = stage.make_server(), stage.org.add_personal_key(default=stage.workspace)
    elsewhere.fault(None, None, Reply(403, {"error": f"not {key}"}), times=None)
    place = f"{elsewhere.url.replace('://', f'://{PASSWORD}:{PASSWORD}@')}/{key}?key={key}"
    stage.server.fault("POST", None, Redirect(place, 307), times=None)
    # httpx follows no redirect unless it is told to.
    return stage.scene(key, PASSWORD, apart_from=("asynchronous",))


@scene
def an_echo_of_headers_of_the_users(stage: Stage) -> Scene:
    token, session = mint_canary("t-"), mint_canary("s-")
    said = {"detail": f"{token} and {session} are not known"}
    stage.server.fault(None, None, Reply(403, said), times=None)
    headers = {"Authorization": f"Bearer {token}", "Cookie": f"theme=dark; session={session}"}
    return stage.scene(stage.viewer(), token, session, options={"headers": headers})


@scene
def an_echo_of_a_password_that_was_sent_in_base64(stage: Stage) -> Scene:
    basic = base64.b64encode(f"gateway:{PASSWORD}".encode()).decode()
    stage.server.fault(None, None, Reply(403, {"detail": f"not you, {PASSWORD}, for {basic}"}), times=None)
    headers = {"Authorization": f"Basic {basic}"}
    return stage.scene(stage.viewer(), PASSWORD, basic, options={"headers": headers})


@scene
def an_echo_of_what_a_gateway_wants(stage: Stage) -> Scene:
    client, proxy, session = mint_canary(""), f"{PASSWORD}+proxy", f"S:{PASSWORD}"
    basic = base64.b64encode(f"gateway:{proxy}".encode()).decode()
    said = f"{client} {proxy} {basic} {session} of production in us-east-1"
    headers = {
        "CF-Access-Client-Secret": client,
        "Proxy-Authorization": f"Basic {basic}",
        "X-Gateway": session,
        "X-Environment": "production",
    }
    reply = Reply(403, {"detail": said}, headers={"X-Request-Id": f"{client[:20]} {proxy}"})
    stage.server.fault(None, None, reply, times=None)
    return stage.scene(stage.viewer(), client, proxy, basic, session, options={"headers": headers})


@scene
def an_echo_of_a_parameter_of_the_session(stage: Stage) -> Scene:
    session = requests.Session()
    session.params = {"gw": PASSWORD, "page": "1"}
    stage.server.fault(None, None, Reply(403, {"detail": f"{PASSWORD} may not see page 1"}), times=None)
    # A generated client has an httpx client of its own.
    unsent_by = ("generated", "generated async")
    return stage.scene(stage.viewer(), PASSWORD, options={"session": session}, unsent_by=unsent_by)


@scene
def an_echo_by_a_proxy_of_its_password(stage: Stage) -> Scene:
    proxy = stage.make_server()
    said = f"<title>gateway:{PASSWORD} may not, {PASSWORD[2:20]} neither</title>"
    proxy.fault(None, None, Reply(403, said, "text/html"), times=None)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        stage.machine.setenv(name, proxy.url.replace("://", f"://gateway:{quote(PASSWORD)}@"))
    for name in ("no_proxy", "NO_PROXY"):
        stage.machine.delenv(name, raising=False)
    return stage.scene(stage.viewer(), PASSWORD, url="http://langsmith.acme.test")


@scene
def an_echo_in_other_writing(stage: Stage) -> Scene:
    """What reads as the key, but is not the same characters."""
    key = stage.viewer()
    wide = "".join(chr(ord(c) + 0xFEE0) for c in key)
    entities, dotted = "".join(f"&#{ord(c)};" for c in key), "\ufe0f".join(key)
    percents = "".join(f"%{ord(c):02x}" for c in key)
    said = f"{key.upper()} {wide} {entities} {dotted} {percents} {key[:-9]} {key[20:]}"
    listed = {"id": stage.workspace.id, "display_name": said, "role_name": said, "permissions": [said]}
    stage.server.fault(
        "POST",
        None,
        Reply(403, {"error": said}, headers={"X-Request-Id": said.encode("ascii", "ignore").decode()}),
        times=None,
    )
    for path in ("/workspaces", "/settings"):
        stage.server.fault(None, path, Reply(200, [listed] if path == "/workspaces" else listed), times=None)
    return stage.scene(key, wide[8:18], entities[60:100], dotted[20:40], percents[30:50], key.upper()[10:20])


@scene
def a_server_that_fails(stage: Stage) -> Scene:
    return replace(_says(stage, lambda key: Reply(500, {"detail": f"no {key}"})), ends="as with the SDK")
