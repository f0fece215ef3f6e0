"""Documented step 4: clearing the SDK's cached variables and reading `.env` again."""

from __future__ import annotations

import errno
import os

from safe_langsmith._core.redaction import HIDDEN, redact_value
from safe_langsmith._core.settings import VARIABLES, shown
from safe_langsmith._recovery.local import PathLike, read_dotenv
from safe_langsmith.diagnosis import Setting

_CACHES = {
    "langsmith.utils": ("get_env_var", "get_tracer_project", "get_host_url"),
    "langsmith.run_trees": ("_parse_write_replicas_from_env_var",),
}


def reload_environment(dotenv_path: PathLike | None = None) -> dict[str, Setting]:
    """Clears what the SDK has cached of the environment, and loads `.env` over it.

    This is `get_env_var.cache_clear()` and `load_dotenv(..., override=True)` of LangSmith's own article on 403 answers.
    It changes `os.environ`, as `load_dotenv` does. Clients that exist keep their values: make them anew.

    Args:
        dotenv_path: The `.env` file; by default what python-dotenv finds from the working directory upwards.

    Returns:
        The variables that changed, by name, each with the new value, the line it comes from, and the old value in
        `others`. Keys are masked, and any other variable than those of the five settings is hidden, since it may be a
        secret.

    Raises:
        OSError: If `dotenv_path` was given and cannot be read.
        UnicodeDecodeError: If the file is not UTF-8 text.
    """
    from dotenv import find_dotenv, load_dotenv

    from safe_langsmith._probe import cache as ledger

    _clear_caches()
    # What was said of the variables a moment ago is to be looked at anew.
    ledger.CACHE.changed()
    path = os.fspath(dotenv_path) if dotenv_path is not None else find_dotenv(usecwd=True)
    if dotenv_path is not None:
        # load_dotenv() passes over what is not there or no file, which hides a mistyped path.
        os.stat(path)
        if os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    before = dict(os.environ)
    if path:
        load_dotenv(path, override=True)
    lines = {line.name: line.line for line in read_dotenv(path or None).lines}
    changed = {}
    for name, value in os.environ.items():
        old = before.get(name)
        if value != old:
            place = f"{path}:{lines[name]}" if name in lines else path
            changed[name] = Setting(
                _shown(name, value), place, (Setting(_shown(name, old), "the environment before"),) if old else ()
            )
    # A key may have been put where another setting belongs, too.
    keys = [variables.get(name, "") for variables in (before, os.environ) for name in VARIABLES["api_key"]]
    return redact_value(changed, tuple(keys))


def _clear_caches() -> None:
    import importlib

    for module, names in _CACHES.items():
        loaded = importlib.import_module(module)
        for name in names:
            clear = getattr(getattr(loaded, name, None), "cache_clear", None)
            if clear is not None:
                clear()


def _shown(name: str, value: str) -> str:
    setting = next((setting for setting, names in VARIABLES.items() if name in names), None)
    return (shown(setting, value) if setting else None) or HIDDEN
