"""The net is tight: whatever tells a secret is caught, wherever in it the secret stands."""

from __future__ import annotations

import logging
import pickle
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from langsmith.utils import LangSmithError

import safe_langsmith
from safe_langsmith import ForbiddenDiagnosis, SafeClient
from safe_langsmith.errors import explain

from ...conftest import CANARY
from .channels import told_by
from .frames import OURS
from .hearing import hearing
from .leaks import leaks, secret_part
from .stage import Stage
from .table import SCENES

# The same in each process, for it is in the names of tests.
KEY = f"lsv2_pt_{CANARY}0b2330ffad65ba05c23c_e6e17ecec8"
HIDDEN = (secret_part(KEY),)


@pytest.fixture
def error(stage: Stage, make_client: Callable[..., SafeClient]) -> ForbiddenDiagnosis:
    """A diagnosis that tells nothing."""
    diagnosis = safe_langsmith.diagnose(make_client(stage.server, stage.revoked()))
    assert diagnosis is not None
    with pytest.raises(ForbiddenDiagnosis) as caught:
        raise explain(diagnosis, LangSmithError("no"), "no", LangSmithError, ()) from None
    assert leaks(told_by(caught.value), HIDDEN) == {}
    return caught.value


@pytest.mark.parametrize("text", [KEY, KEY[8:-4], KEY[12:24], "".join(f"%{ord(c):x}" for c in KEY)])
def test_a_piece_is_enough(text: str) -> None:
    assert leaks({"a": f"... {text} ...", "b": "..."}, HIDDEN).keys() == {"a"}


@pytest.mark.parametrize("text", ["lsv2_pt_****", f"lsv2_pt_****{KEY[-4:]}", "c0ffee"])
def test_what_may_be_shown_is_none(text: str) -> None:
    assert leaks({"a": text}, HIDDEN) == {}


def _in_field(error: ForbiddenDiagnosis) -> None:
    error.diagnosis = replace(error.diagnosis, summary=KEY)


def _in_setting(error: ForbiddenDiagnosis) -> None:
    error.diagnosis.settings["project"] = replace(error.diagnosis.settings["project"], source=KEY)


def _in_attribute(error: ForbiddenDiagnosis) -> None:
    error.further = {"deep": [(KEY.encode(),)]}  # type: ignore[attr-defined]


def _in_arguments(error: ForbiddenDiagnosis) -> None:
    error.args = (KEY,)


def _in_message(error: ForbiddenDiagnosis) -> None:
    error.sdk_message = KEY


PLACES: dict[Any, set[str]] = {
    _in_field: {"str", "traceback", "wrapped", "copy", "diagnosis: JSON", "diagnosis: HTML", "diagnosis: pickle 0"},
    _in_setting: {"diagnosis: JSON", "diagnosis: report", "all that it holds"},
    _in_attribute: {"all that it holds", "attributes"},
    _in_arguments: {"arguments"},
    _in_message: {"str", *(f"pickle {n}" for n in range(pickle.HIGHEST_PROTOCOL + 1))},
}


@pytest.mark.parametrize("put", PLACES, ids=lambda put: put.__name__.strip("_"))
def test_each_channel_of_a_diagnosis_is_listened_to(put: Any, error: ForbiddenDiagnosis) -> None:
    put(error)

    assert PLACES[put] <= leaks(told_by(error), HIDDEN).keys()


def test_a_diagnosis_holds_nothing_but_plain_values(error: ForbiddenDiagnosis) -> None:
    error.client = object()  # type: ignore[attr-defined]
    with pytest.raises(AssertionError, match="it holds"):
        told_by(error)


@pytest.mark.parametrize("value", ["key", "{'a': [key]}", "(1, {key: 2})", "Holder(key)", "[Holder({'a': key})]"])
def test_frames_of_ours_are_looked_into(value: str) -> None:
    made = {"key": KEY, "__name__": "safe_langsmith.made_up"}
    code = f"""
class Holder:
    def __init__(self, held): self.held = held
    def __repr__(self): return "Holder()"
def call(key):
    value = {value}
    del key
    raise ValueError
"""
    exec(compile(code, f"{OURS}made_up.py", "exec"), made)
    with pytest.raises(ValueError, match=r"^$") as caught:
        made["call"](KEY)  # type: ignore[operator]

    assert list(leaks(told_by(caught.value), HIDDEN)) == ["local value of call (made_up.py)"]


def test_logs_and_warnings_are_heard() -> None:
    logger = logging.getLogger("safe_langsmith.made_up")
    with hearing() as heard:
        logger.debug("no: %s", KEY)
        logging.getLogger("other").debug("no", extra={"further": KEY})
        try:
            raise RuntimeError(KEY)
        except RuntimeError:
            logging.getLogger("third").exception("no")
        warnings.warn(KEY, stacklevel=1)

    assert leaks(heard.texts, HIDDEN).keys() == {
        "log of safe_langsmith.made_up",
        "log of other",
        "log of third",
        "warnings",
    }


def test_every_scene_has_something_to_hide(stage: Stage) -> None:
    for make in SCENES.values():
        scene = make(Stage(stage.make_server, stage.machine, stage.directory))
        assert scene.hidden
        assert all(len(secret) >= 10 for secret in scene.hidden)
