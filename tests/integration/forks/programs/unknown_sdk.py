"""Fork with an SDK whose inside is not as this library knows it. Argument: what is not."""

import os
import sys
from types import SimpleNamespace

from langsmith._internal import _background_thread
from traced import client, flush, work

from safe_langsmith import SafeClient

another = SafeClient()
work("first")
flush()
for each in (client, another):
    if sys.argv[1] == "queue":
        each.flush()
        parents, each.tracing_queue = each.tracing_queue, SimpleNamespace(join=lambda: None)
    elif sys.argv[1] == "thread":
        vars(_background_thread).pop("tracing_control_thread_func", None)
    elif sys.argv[1] == "connections":
        each.session.get_adapter(each.api_url).proxy_manager["http://proxy"] = SimpleNamespace(clear=list)
child = os.fork()
if child == 0:
    work("in the child")
    if sys.argv[1] == "connections":
        flush()
    sys.exit(0)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if sys.argv[1] == "queue":
    client.cleanup()
    another.cleanup()
os._exit(status)
