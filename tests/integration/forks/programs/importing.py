"""Fork while the tracing thread imports a module, which each process needs for its first request."""

import importlib
import os
import sys
import threading
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder

NAME = "netrc"
is_importing, may_import = threading.Event(), threading.Event()


class Slowly(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != NAME:
            return None
        spec = PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module

        def wait_and_execute(module):
            is_importing.set()
            may_import.wait()
            execute(module)

        spec.loader.exec_module = wait_and_execute
        return spec


sys.meta_path.insert(0, Slowly())
traced = importlib.import_module("traced")
# Hooks run in the reverse order of their registration, so this one runs before those of the client.
os.register_at_fork(before=may_import.set)
traced.work("in the parent")
is_importing.wait()
child = os.fork()
if child == 0:
    traced.client.create_project("of the child")
    traced.work("in the child")
    traced.flush()
    sys.exit(0)
traced.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
