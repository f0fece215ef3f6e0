"""Ask the other regions of LangSmith's cloud about a key, if the user says so.

This is the one way in which a key goes to another host than the configured one. It goes to LangSmith's own hosts alone,
over https, in a session of its own: no header of a gateway, no cookie, no certificate and no workspace goes with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from safe_langsmith._core.endpoints import REGIONS, host_of, is_api_of_cloud
from safe_langsmith._core.model import LIST_WORKSPACES, RegionAnswer
from safe_langsmith._core.redaction import bare_url
from safe_langsmith._core.responses import Answer, read_answer
from safe_langsmith._log import logger
from safe_langsmith._probe.driver import DEADLINE
from safe_langsmith._probe.transports import PreparedProbe, RawResponse, RequestsTransport, in_thread


def hosts_to_ask(endpoint: str) -> list[str]:
    """Return the hosts of the other regions.

    Args:
        endpoint: The endpoint in use.

    Raises:
        ValueError: If it is not one of LangSmith's cloud hosts.
    """
    if not is_api_of_cloud(endpoint):
        raise ValueError(f"find_region asks LangSmith's cloud hosts, and {bare_url(endpoint)} is not one of them")
    return [host for host in REGIONS if host != host_of(endpoint)]


def ask_regions(session: Any, endpoint: str, key: str, tell: Callable[[str], None] | None) -> tuple[RegionAnswer, ...]:
    """Ask all other regions at once, and return their answers.

    Args:
        session: The client's `requests` session, or `None`. Only its proxies and its trust in certificates are used.
        endpoint: The endpoint in use.
        key: The API key.
        tell: Called with a text that says what goes where, before it is sent.
    """
    import requests

    hosts = _announced(endpoint, tell)
    with requests.Session() as own:
        if session is not None:
            own.proxies, own.verify, own.trust_env = dict(session.proxies), session.verify, session.trust_env
        received = RequestsTransport(own, is_own=False).get_all(_probes(hosts, key), time.monotonic() + DEADLINE)
    return _answers(hosts, received, key)


async def ask_regions_async(endpoint: str, key: str) -> tuple[RegionAnswer, ...]:
    """Do what `ask_regions` does, without blocking the event loop."""
    answers: tuple[RegionAnswer, ...]
    answers = await asyncio.wrap_future(in_thread(lambda: ask_regions(None, endpoint, key, None)))
    return answers


def _announced(endpoint: str, tell: Callable[[str], None] | None) -> list[str]:
    hosts = hosts_to_ask(endpoint)
    text = f"Asking GET /workspaces with this key, over https: {', '.join(hosts)} ..."
    logger.info("%s", text)
    if tell is not None:
        tell(text)
    return hosts


def _probes(hosts: Sequence[str], key: str) -> list[PreparedProbe]:
    headers = {"x-api-key": key, "Accept": "application/json"}
    return [PreparedProbe(f"https://{host}{LIST_WORKSPACES.path}", headers) for host in hosts]


def _answers(hosts: Sequence[str], received: Sequence[RawResponse], key: str) -> tuple[RegionAnswer, ...]:
    return tuple(
        RegionAnswer(REGIONS[host], f"https://{host}", _answer(raw, key))
        for host, raw in zip(hosts, received, strict=True)
    )


def _answer(raw: RawResponse, key: str) -> Answer:
    if raw.late:
        return Answer(error=f"no answer within {DEADLINE:g} s")
    if raw.status is None:
        return Answer(error=raw.error)
    return read_answer(raw.status, raw.body, raw.content_type, (key,))
