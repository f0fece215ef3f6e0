"""Of what a client sends, a server may quote words, and nothing that is secret."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from safe_langsmith import ForbiddenDiagnosis, SafeClient
from safe_langsmith.testing import FakeLangSmith, Organization, Reply, Workspace

from .stage import PASSWORD

WORDS = {
    "X-Environment": "production",
    "X-Region": "us-east-1",
    "X-Service": "https://api.smith.langchain.com",
    "X-Auth-Type": "apikey",
    "X-Version": "2.31.0",
    "X-Team": "11111111-aaaa-4aaa-8aaa-111111111111",
}
PAIR = base64.b64encode(f"gateway:{PASSWORD}".encode()).decode()


@pytest.fixture
def said(
    server: FakeLangSmith, org: Organization, workspace: Workspace, make_client: Callable[..., SafeClient]
) -> Callable[[str, dict[str, str]], str | None]:
    """What a diagnosis says that the server said, to a client with some headers."""

    def ask(text: str, headers: dict[str, str]) -> str | None:
        server.fault(None, None, Reply(403, {"detail": text}), times=None)
        client = make_client(server, org.add_personal_key(default=workspace))
        client.session.headers.update(headers)
        with pytest.raises(ForbiddenDiagnosis) as caught:
            client.create_project("p")
        return caught.value.server_message

    return ask


@pytest.mark.parametrize("value", WORDS.values())
def test_words_and_ids_are_shown(value: str, said: Callable[..., str | None]) -> None:
    text = f"the API key of {value} may not"
    assert said(text, WORDS) == text


@pytest.mark.parametrize(
    ("name", "value", "quoted"),
    [
        ("CF-Access-Client-Secret", PASSWORD, PASSWORD),
        ("CF-Access-Client-Secret", "swordfish", "swordfish"),
        ("X-Gateway", PASSWORD, PASSWORD),
        ("X-Gateway", f"{PASSWORD}; production", f"{PASSWORD}; production"),
        ("X-Session", "0123456789", "0123456789"),
        ("Proxy-Authorization", f"Basic {PAIR}", PASSWORD),
        ("Proxy-Authorization", f"Basic {PAIR}", f"gateway:{PASSWORD}"),
        ("Proxy-Authorization", f"Basic {PAIR}", PAIR),
        ("Authorization", f"Bearer {PASSWORD}", PASSWORD),
        ("Cookie", "theme=dark; session=5w0rd%2Ff1sh", "5w0rd/f1sh"),
        ("Cookie", 'theme=dark; session="5w0rd f1sh"', "5w0rd f1sh"),
    ],
)
def test_what_nobody_could_guess_is_hidden(name: str, value: str, quoted: str, said: Callable[..., str | None]) -> None:
    assert said(f"not {quoted} today", {name: value}) == "not **** today"
