"""Trace in a process and in both kinds of process pools. Argument: the start method of multiprocessing."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

from traced import flush, work

if __name__ == "__main__":
    method = sys.argv[1]
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        # The server imports it once, and each process is a fork of the server.
        context.set_forkserver_preload(["traced"])
    work("first")
    flush()
    work("queued")
    process = context.Process(target=work, args=("process",))
    process.start()
    work("meanwhile")
    with ProcessPoolExecutor(2 if method == "fork" else 1, mp_context=context) as pool:
        labels = [f"pool {number}" for number in range(20)]
        assert list(pool.map(work, labels)) == labels
    if method == "fork":
        # The other methods would import everything once more, which takes long.
        with context.Pool(2) as old_pool:
            assert old_pool.map(work, ["old pool 0", "old pool 1"]) == ["old pool 0", "old pool 1"]
            # Otherwise it terminates its processes.
            old_pool.close()
            old_pool.join()
    process.join()
    assert process.exitcode == 0, process.exitcode
    work("after")
    flush()
