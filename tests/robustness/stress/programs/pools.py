"""Processes of a pool make clients of their own, write, and hand back what they were refused.

Arguments: a seed, and how the processes are started.
"""

from __future__ import annotations

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import stage

from safe_langsmith import Cause, ForbiddenDiagnosis, SafeClient


def write(url: str, key: str, name: str, generated: bool) -> str:
    stage.prepared(60)
    client = SafeClient(api_url=url, api_key=key, auto_batch_tracing=False)
    if generated:
        client._get_langsmith_api_sync().post("/sessions", cast_to=object, body={"name": name})
    else:
        stage.dataset(client, name)
    return name


def main() -> None:
    stage.prepared()
    server = stage.fake_server()
    org = server.add_organization("Acme")
    home = org.add_workspace("Research")
    key, viewer = org.add_service_key(workspaces=None), org.add_personal_key(default=home, role="Viewer")
    # The process that starts the others has retried, and been refused, itself.
    write(server.url, key, "first", False)
    names = [f"write {number}" for number in range(10)]
    call_paths = (False, stage.HAS_GENERATED)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(sys.argv[2])) as pool:
        written = [pool.submit(write, server.url, key, name, call_paths[n % 2]) for n, name in enumerate(names)]
        refused = [
            pool.submit(write, server.url, viewer, name, call_path)
            for name in ("no", "nor this")
            for call_path in call_paths
        ]
        assert [future.result() for future in written] == names
        for future in refused:
            error = future.exception()
            assert isinstance(error, ForbiddenDiagnosis), error
            assert error.cause is Cause.PERMISSION_DENIED
    assert sorted(stage.accepted(server)) == sorted(["first", *names])
    assert sum(stage.asked(server, key).values()) <= 3


if __name__ == "__main__":
    main()
