"""The exception: a diagnosis that is also what the SDK would have raised."""

from __future__ import annotations

import asyncio
import copy
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor

import langsmith
import pytest
import requests
import tenacity
from langsmith.utils import LangSmithError, LangSmithExceptionGroup, LangSmithUserError

from safe_langsmith import Cause, Diagnosis, ForbiddenDiagnosis, find_diagnosis
from safe_langsmith._core.model import LIST_WORKSPACES
from safe_langsmith._core.responses import read_answer
from safe_langsmith.errors import MOST_SEARCHED, SDK_MESSAGE_LIMIT, explain

SDK_MESSAGE = "Failed to GET /sessions in LangSmith API. HTTPError('403 Client Error: Forbidden')"
CLASSES: list[type[Exception]] = [LangSmithError, LangSmithUserError, requests.HTTPError]
if hasattr(langsmith, "PermissionDeniedError"):
    CLASSES.append(langsmith.PermissionDeniedError)

every_class = pytest.mark.parametrize("sdk_class", CLASSES, ids=lambda sdk_class: sdk_class.__name__)
copies = pytest.mark.parametrize(
    "again",
    [
        *(lambda error, p=protocol: pickle.loads(pickle.dumps(error, p)) for protocol in range(2, 6)),
        copy.copy,
        copy.deepcopy,
    ],
    ids=["pickle 2", "pickle 3", "pickle 4", "pickle 5", "copy", "deepcopy"],
)


@pytest.fixture
def diagnosis(refusal, drive) -> Diagnosis:
    refused = read_answer(403, b'{"detail":"Forbidden"}')
    return drive(refusal(workspace_id="Research", request_id="r-1"), {LIST_WORKSPACES: refused}).diagnosis


@pytest.fixture
def make(diagnosis, key):
    def make(
        sdk_class: type[BaseException] = LangSmithError,
        sdk_error: BaseException | None = None,
        message: str = SDK_MESSAGE,
    ) -> ForbiddenDiagnosis:
        return explain(diagnosis, sdk_error or LangSmithError(message), message, sdk_class, (key,))

    return make


@pytest.fixture
def group_class() -> type[Exception]:
    """Python's own from 3.11 on, and the backport that libraries use before."""
    if sys.version_info >= (3, 11):
        return ExceptionGroup  # noqa: F821
    return pytest.importorskip("exceptiongroup").ExceptionGroup


class TestWhatItIs:
    @every_class
    def test_it_is_caught_as_itself_and_as_what_the_sdk_raises(self, sdk_class, make):
        for caught in (ForbiddenDiagnosis, LangSmithError, sdk_class):
            with pytest.raises(caught):
                raise make(sdk_class)

    @every_class
    def test_a_class_is_made_once_and_named_like_its_base(self, sdk_class, make):
        assert type(make(sdk_class)) is type(make(sdk_class))
        assert type(make(sdk_class)).__name__ == "ForbiddenDiagnosis"

    @every_class
    def test_every_field_of_the_diagnosis_is_its_own(self, sdk_class, make, diagnosis):
        error = make(sdk_class)
        assert error.diagnosis is diagnosis
        for name in diagnosis.__dataclass_fields__:
            if name != "status_code":
                assert getattr(error, name) == getattr(diagnosis, name)

    @every_class
    def test_its_text_is_the_diagnosis_with_the_sdks_message_in_it(self, sdk_class, make, diagnosis):
        text = str(make(sdk_class))
        assert SDK_MESSAGE in " ".join(text.split())
        assert text.partition("\n\n")[0] == str(diagnosis).partition("\n\n")[0]
        # The SDK's words take lines, so fewer things to do may have room.
        assert text.rpartition("\n\n")[2].startswith(f"What to do: {diagnosis.fixes[0].title}")

    def test_without_a_message_its_text_is_the_diagnosis(self, diagnosis):
        assert str(ForbiddenDiagnosis(diagnosis)) == str(diagnosis)

    def test_its_repr_is_one_line(self, make):
        assert repr(make()).startswith("ForbiddenDiagnosis('workspace-id-malformed', 'Personal access token")
        assert "\n" not in repr(make())

    def test_the_sdks_message_is_cleaned_and_shortened(self, make, key):
        shown = make(message=f"\x1b[31m{key}\n{'x' * 2_000}").sdk_message
        assert shown.startswith("**** xxx")
        assert len(shown) == SDK_MESSAGE_LIMIT

    def test_the_sdks_error_and_its_response_are_at_hand(self, make):
        response = requests.Response()
        response.request = requests.Request("GET", "https://x").prepare()
        sdk_error = requests.HTTPError("403", response=response)
        error = make(requests.HTTPError, sdk_error)
        assert error.sdk_error is sdk_error
        assert error.response is response
        assert error.request is response.request
        assert not hasattr(error, "status_code")

    @pytest.mark.parametrize("name", ["status_code", "response", "request", "body", "message"])
    def test_what_the_class_lacks_is_lacking(self, make, name):
        """Code of the SDK takes an exception with a `status_code` for one of another service."""
        assert not hasattr(make(), name)
        assert not hasattr(make(LangSmithUserError), name)

    def test_the_status_is_always_in_the_diagnosis(self, make, diagnosis):
        assert make().diagnosis.status_code == diagnosis.status_code

    @pytest.mark.skipif(not hasattr(langsmith, "PermissionDeniedError"), reason="an SDK without a generated client")
    def test_what_the_generated_clients_error_promises_is_kept(self, make):
        sdk_class = langsmith.PermissionDeniedError
        sdk_error = sdk_class.__new__(sdk_class)
        sdk_error.response, sdk_error.body, sdk_error.status_code = object(), {"detail": "no"}, 403
        error = make(sdk_class, sdk_error)
        assert (error.response, error.body, error.status_code) == (sdk_error.response, {"detail": "no"}, 403)


class TestCopies:
    @every_class
    @copies
    def test_a_copy_is_the_same_but_for_the_sdks_error(self, again, sdk_class, make):
        error = make(sdk_class)
        other = again(error)
        assert type(other) is type(error)
        assert (other.diagnosis, other.sdk_message) == (error.diagnosis, error.sdk_message)
        assert (str(other), repr(other), other.args) == (str(error), repr(error), error.args)
        assert other.sdk_error is None
        assert getattr(other, "response", None) is getattr(other, "body", None) is None

    @copies
    def test_notes_are_kept(self, again, make):
        error = make()
        error.__notes__ = ["while evaluating"]
        assert again(error).__notes__ == ["while evaluating"]

    def test_a_copy_of_notes_is_its_own(self, make):
        error = make()
        error.__notes__ = ["one"]
        copy.copy(error).__notes__.append("two")
        assert error.__notes__ == ["one"]

    def test_a_pickle_holds_no_key(self, make, canary, key):
        assert canary.encode() not in pickle.dumps(make(message=f"refused {key}", sdk_error=LangSmithError(key)))

    def test_a_pickle_of_a_class_that_is_gone_is_still_a_diagnosis(self, make, monkeypatch):
        gone = type("GoneError", (Exception,), {"__module__": "langsmith.utils"})
        monkeypatch.setattr("langsmith.utils.GoneError", gone, raising=False)
        pickled = pickle.dumps(make(gone))
        monkeypatch.undo()
        assert pickle.loads(pickled).cause is Cause.WORKSPACE_ID_MALFORMED


class TestFinding:
    def test_itself(self, make):
        error = make()
        assert find_diagnosis(error) is error

    @pytest.mark.parametrize("link", ["__cause__", "__context__"])
    def test_behind_others(self, link, make):
        error, outer = make(), ValueError("outer")
        middle = RuntimeError("middle")
        setattr(middle, link, error)
        setattr(outer, link, middle)
        assert find_diagnosis(outer) is error

    def test_as_python_chains_it(self, make):
        error = make()

        def fail_while_handling_it():
            try:
                raise error
            except ForbiddenDiagnosis:
                raise ValueError("outer")  # noqa: B904

        with pytest.raises(ValueError) as caught:
            fail_while_handling_it()
        assert find_diagnosis(caught.value) is error

    def test_in_langsmiths_own_group(self, make):
        error = make()
        assert find_diagnosis(LangSmithExceptionGroup(exceptions=[ValueError(), error])) is error

    def test_in_nested_groups_and_behind_their_members(self, make, group_class):
        error, member = make(), ValueError("member")
        member.__cause__ = error
        group = group_class("outer", [KeyError("x"), group_class("inner", [member])])
        assert find_diagnosis(group) is error

    def test_where_it_is_kept_off_the_screen(self, make):
        """`raise ... from None` says that it is no cause to show, and not that nobody may look."""
        error = make()

        def hide_it():
            try:
                raise error
            except ForbiddenDiagnosis:
                raise ValueError("sorry") from None

        with pytest.raises(ValueError) as caught:
            hide_it()
        assert find_diagnosis(caught.value) is error

    def test_the_nearest_comes_first(self, make):
        near, far, outer = make(), make(), ValueError("outer")
        near.__cause__ = far
        outer.__cause__ = near
        assert find_diagnosis(outer) is near

    def test_a_cycle_ends(self):
        one, two = ValueError("one"), ValueError("two")
        one.__cause__, two.__context__ = two, one
        assert find_diagnosis(one) is None

    def test_a_cycle_that_leads_to_it_does(self, make):
        error, one, two = make(), ValueError("one"), ValueError("two")
        one.__cause__, two.__cause__, two.__context__ = two, one, error
        assert find_diagnosis(one) is error

    def test_the_deepest_of_ten_thousand(self, make):
        error = outer = make()
        for _ in range(10_000):
            outer, inner = ValueError("outer"), outer
            outer.__context__ = inner
        assert find_diagnosis(outer) is error

    def test_one_that_has_no_end_is_given_up(self):
        class Endless(Exception):
            made = 0

            @property
            def exceptions(self):
                Endless.made += 1
                return (Endless(), Endless())

        assert find_diagnosis(Endless()) is None
        assert Endless.made == MOST_SEARCHED

    @pytest.mark.parametrize("name", ["__cause__", "__context__", "exceptions"])
    def test_an_attribute_that_raises_is_passed_over(self, name, make):
        def broken(self):
            raise RuntimeError("mine")

        odd, error = type("OddError", (Exception,), {name: property(broken)})(), make()
        BaseException.__context__.__set__(odd, error)
        BaseException.__cause__.__set__(odd, error)
        assert find_diagnosis(odd) is error

    @pytest.mark.parametrize("error", [None, ValueError("x"), KeyboardInterrupt(), LangSmithError("x")])
    def test_where_there_is_none(self, error):
        assert find_diagnosis(error) is None

    def test_an_attribute_that_is_no_group_is_passed_over(self):
        error = ValueError("x")
        error.exceptions = "many"
        assert find_diagnosis(error) is None


class TestFindingWhereLibrariesPutIt:
    """Each as it really comes."""

    @pytest.fixture
    def fail(self, make):
        def fail():
            raise make()

        return fail

    @pytest.fixture
    def fail_soon(self, fail):
        async def fail_soon():
            await asyncio.sleep(0)
            fail()

        return fail_soon

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="task groups are new in Python 3.11")
    def test_in_a_task_group_of_asyncio(self, fail_soon):
        async def both():
            async with asyncio.TaskGroup() as group:
                group.create_task(fail_soon())
                group.create_task(asyncio.sleep(60))

        with pytest.raises(ExceptionGroup) as caught:  # noqa: F821
            asyncio.run(both())
        assert find_diagnosis(caught.value).cause is Cause.WORKSPACE_ID_MALFORMED

    def test_in_a_task_group_of_anyio(self, fail_soon, group_class):
        anyio = pytest.importorskip("anyio")

        async def both():
            async with anyio.create_task_group() as group:
                group.start_soon(fail_soon)
                group.start_soon(anyio.sleep, 60)

        with pytest.raises(group_class) as caught:
            asyncio.run(both())
        assert find_diagnosis(caught.value).cause is Cause.WORKSPACE_ID_MALFORMED

    def test_in_a_future(self, fail):
        with ThreadPoolExecutor(1) as pool:
            assert find_diagnosis(pool.submit(fail).exception()).cause is Cause.WORKSPACE_ID_MALFORMED

    def test_behind_an_attempt_too_many(self, fail):
        with pytest.raises(tenacity.RetryError) as caught:
            tenacity.retry(stop=tenacity.stop_after_attempt(2))(fail)()
        assert find_diagnosis(caught.value).cause is Cause.WORKSPACE_ID_MALFORMED
