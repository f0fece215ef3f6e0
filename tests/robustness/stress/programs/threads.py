"""Threads share clients, make others and drop them, and read and write with keys that retry, and with keys that do not.

Arguments: a seed, and the number of calls that each thread makes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from random import Random

import pytest
import stage
from stage import DIAGNOSED, FAILED, RETURNED, WRITES, Books

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeClient
from safe_langsmith.testing import Drop, FakeLangSmith, Organization, Reply, Slow, Workspace

THREADS = 8
CALLS = int(sys.argv[2]) if len(sys.argv) > 2 else 25
FAULTS = (Drop(), Reply(500, {}), Reply(503, {"detail": "try later"}), Slow(0.02))


class Account:
    """A fake server with one key of each kind."""

    def __init__(self) -> None:
        self.server: FakeLangSmith = stage.fake_server()
        self.org: Organization = self.server.add_organization("Acme")
        self.home: Workspace = self.org.add_workspace("Research")
        self.retrying = [self.org.add_service_key(workspaces=None) for _ in range(3)]
        self.own = self.org.add_personal_key(default=self.home)
        self.viewer = self.org.add_personal_key(default=self.home, role="Viewer")
        self.toggled = self.org.add_personal_key(default=self.home)
        self.revoked = self.org.add_service_key(workspaces=None)
        self.server.revoke(self.revoked)

    def client(self, key: str) -> SafeClient:
        return stage.sync_client(self.server, key)


def write_all(client: SafeClient, books: Books, dice: Random, who: str, may: tuple[str, ...]) -> None:
    with books.write(who, may) as name:
        dice.choice(WRITES)(client, name)


def read(client: SafeClient, dice: Random) -> None:
    list(dice.choice((client.list_projects, client.list_datasets))(limit=1))


def in_calm_weather(account: Account, books: Books) -> Iterable[Callable[[], None]]:
    """Every call ends as its key says, although keys come and go beside it, and clients change theirs."""
    ends = {account.own: RETURNED, account.viewer: DIAGNOSED, account.revoked: DIAGNOSED}
    ends.update(dict.fromkeys(account.retrying, RETURNED))
    # Two clients share each key that retries.
    shared = [(key, account.client(key)) for key in (*ends, *account.retrying)]
    changing, toggled = account.client(account.own), account.client(account.toggled)

    def go(number: int) -> None:
        dice = stage.dice("calm", number)
        for _ in range(CALLS):
            what = dice.random()
            if what < 0.5:
                key, client = dice.choice(shared)
                write_all(client, books, dice, "a shared client", (ends[key],))
            elif what < 0.6:
                key, client = dice.choice(shared)
                if ends[key] == RETURNED or key == account.viewer:
                    read(client, dice)
            elif what < 0.8:
                key = dice.choice(list(ends))
                client = account.client(key)
                write_all(client, books, dice, "a client of its own", (ends[key],))
                if dice.random() < 0.5:
                    client.session.close()
                del client
            elif what < 0.9:
                dice.choice((account.server.deactivate, account.server.reactivate))(account.toggled)
                write_all(toggled, books, dice, "a client whose key comes and goes", (RETURNED, DIAGNOSED))
            else:
                if dice.random() < 0.5:
                    changing.api_key = dice.choice((account.own, account.viewer, *account.retrying))
                if dice.random() < 0.2:
                    changing.workspace_id = dice.choice((None, account.home.id))
                # It may be sent with one key and answered when the client has another.
                write_all(changing, books, dice, "a client that changes", (RETURNED, DIAGNOSED))

    return [lambda number=number: go(number) for number in range(THREADS)]


def in_bad_weather(account: Account, books: Books) -> Iterable[Callable[[], None]]:
    """Requests and questions fail at random; what was written is told truly all the same."""
    keys = (*account.retrying, account.own, account.viewer, account.revoked)
    shared = [account.client(key) for key in keys]
    paths = (*stage.QUESTIONS, "/datasets", "/sessions", "/feedback", "/runs")

    def go(number: int) -> None:
        dice = stage.dice("bad", number)
        for _ in range(CALLS // 2):
            if dice.random() < 0.4:
                account.server.fault(None, dice.choice(paths), dice.choice(FAULTS))
            client = dice.choice(shared) if dice.random() < 0.7 else account.client(dice.choice(keys))
            write_all(client, books, dice, "anybody", (RETURNED, DIAGNOSED, FAILED))

    return [lambda number=number: go(number) for number in range(THREADS)]


def tracing(account: Account, books: Books) -> Iterable[Callable[[], None]]:
    """Trace for all with a client that has tracing threads of its own: one key is retried, and one is not."""
    retries = SafeClient(api_url=account.server.url, api_key=account.retrying[0])

    def go() -> None:
        for _ in range(CALLS):
            with books.write("tracing", (RETURNED,)) as name:
                stage.trace(retries, name)

    def whole() -> None:
        stage.all_of(go, go, go)
        retries.flush()
        retries.tracing_queue.join()

    return [whole]


def main() -> None:
    stage.prepared()
    calm, bad, books = Account(), Account(), Books()
    stage.all_of(*in_calm_weather(calm, books), *in_bad_weather(bad, books), *tracing(calm, books))

    books.check(calm.server, bad.server)
    ends = books.ends()
    assert ends[RETURNED] > CALLS, ends
    assert ends[DIAGNOSED] > CALLS, ends
    for key in calm.retrying:
        assert stage.asked(calm.server, key) == {"/workspaces? None": 1}
    for key in (calm.own, calm.viewer, calm.toggled, calm.revoked):
        assert set(stage.asked(calm.server, key).values()) <= {1}, stage.asked(calm.server, key)
    # Nobody's workspace was taken for another's.
    for request in calm.server.requests:
        assert request.workspace_id in (None, calm.home.id)
    for key, cause in ((calm.viewer, Cause.PERMISSION_DENIED), (calm.revoked, Cause.KEY_REJECTED)):
        with pytest.raises(ForbiddenDiagnosis) as caught:
            calm.client(key).create_dataset("one more")
        assert caught.value.cause is cause
    print(dict(ends))


main()
