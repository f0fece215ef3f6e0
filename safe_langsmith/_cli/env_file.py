"""What to do where `.env` says something else than what is in use: let it count, or look what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from safe_langsmith._cli.check import Found
from safe_langsmith._cli.options import Options
from safe_langsmith._cli.rerun import again, may_be_copied
from safe_langsmith._core.model import CREDENTIALS
from safe_langsmith._core.settings import Dotenv, variable_in
from safe_langsmith.diagnosis import Cause, Confidence, Fix, Setting

# Where such a value is missing or wrong, and .env has another, the program may well load that.
_MAY_BE_LOADED = {Cause.KEY_MISSING: "api_key", Cause.WORKSPACE_REQUIRED: "workspace_id"}


def says_otherwise(found: Found, dotenv: Dotenv) -> bool:
    """Whether `.env` says something else that decides over access."""
    return bool(_differing(found.settings, dotenv))


def may_be_loaded(found: Found, dotenv: Dotenv) -> bool:
    """Whether `.env` holds what is missing, so that the program may well load it."""
    return found.cause is not None and _MAY_BE_LOADED.get(found.cause) in _differing(found.settings, dotenv)


def take_dotenv(found: Found, dotenv: Dotenv, options: Options, unset: str) -> Iterator[Fix]:
    """Yields what to do.

    Args:
        found: What was found.
        dotenv: The `.env` that was compared.
        options: What the user typed.
        unset: What a shell wants before the names of variables to unset them, or nothing where it has no such line.
    """
    check = again(options, found.settings, load_env=True)
    ahead = list(_ahead(found.settings, dotenv))
    if ahead:
        names = " and ".join(ahead)
        detail = "What is set here overrides .env: load_dotenv() changes no variable that is set. Unset it also where "
        detail += "it comes from, such as a shell's profile, or it is back in the next shell."
        works = found.confidence is Confidence.POSSIBLE
        if works:
            detail += f" If {names} is right, as in a deployment beside a developer's .env, leave it so."
        yield Fix(
            f"{'If .env is right, unset' if works else 'Unset'} {names}, so that .env counts, and check what .env says",
            detail,
            "\n".join(filter(None, [unset and f"{unset}{' '.join(ahead)}", check])) or None,
            step=4,
        )
        return
    yield Fix(
        "If your program loads .env itself, check with what .env says",
        "Without --load-env, this command compares .env and does not load it.",
        check,
        step=4,
    )
    file = options.env_file or ""
    yield Fix(
        "If it does not, let it load .env before it makes a client",
        "The SDK does not read .env.",
        f"from dotenv import load_dotenv; load_dotenv({repr(file) if file else ''})" if may_be_copied(file) else None,
        step=4,
    )


def _differing(settings: Mapping[str, Setting], dotenv: Dotenv) -> dict[str, list[str]]:
    """The variables in `.env` that say otherwise, by setting. A project and tracing open no door."""
    start = f"{dotenv.called}:"
    found = {
        name: [other.source.rpartition(" ")[2] for other in settings[name].others if other.source.startswith(start)]
        for name in CREDENTIALS
    }
    return {name: variables for name, variables in found.items() if variables}


def _ahead(settings: Mapping[str, Setting], dotenv: Dotenv) -> Iterator[str]:
    """The variables that are set and keep `.env` from setting them. One of another name does not."""
    for name, variables in _differing(settings, dotenv).items():
        variable = variable_in(settings[name].source)
        if variable in variables:
            yield variable
