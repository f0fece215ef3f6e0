"""Call LangSmith with an asynchronous client from an event loop, and from another one in a child."""

import asyncio
import os
import sys

from safe_langsmith import SafeAsyncClient

client = SafeAsyncClient()


async def call(label):
    await client.create_dataset(label)
    if hasattr(client, "_langsmith_api"):
        await client._langsmith_api.get("/sessions", cast_to=object)


async def main():
    await call("before")
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        # The child has its parent's connections, and the loop that waits for them.
        asyncio.run(call("in the child"))
        os._exit(0)
    await call("during")
    status = os.waitstatus_to_exitcode((await asyncio.to_thread(os.waitpid, child, 0))[1])
    await call("after")
    await client.aclose()
    return status


sys.exit(asyncio.run(main()))
