"""Several examples in one request, with the real SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from langsmith import Client
from langsmith.utils import LangSmithNotFoundError

from safe_langsmith.testing import FakeLangSmith

OLD = {"instance_flags": {"dataset_examples_multipart_enabled": False}}
NEW = {"instance_flags": {"dataset_examples_multipart_enabled": True}}


@pytest.fixture(params=[OLD, NEW], ids=["json", "multipart"])
def sdk(
    request: pytest.FixtureRequest, make_server: Callable[..., FakeLangSmith], make_sdk: Callable[..., Client]
) -> Client:
    server = make_server(info=request.param)
    acme = server.add_organization("Acme")
    research = acme.add_workspace("Research")
    return make_sdk(server, api_key=acme.add_service_key(workspaces=None), workspace_id=research.id)


def rows(sdk: Client, **query: Any) -> list[tuple[Any, Any]]:
    return [(example.inputs, example.outputs) for example in sdk.list_examples(dataset_name="questions", **query)]


def fill(sdk: Client, count: int = 3) -> list[Any]:
    dataset = sdk.create_dataset("questions")
    examples = [{"inputs": {"q": n}, "outputs": {"a": -n}, "metadata": {"odd": n % 2}} for n in range(count)]
    made = sdk.create_examples(dataset_id=dataset.id, examples=examples)
    assert made["count"] == count
    return list(made["example_ids"])


def test_created_examples_are_in_their_dataset(sdk: Client) -> None:
    fill(sdk)
    sdk.create_dataset("answers")

    assert rows(sdk) == [({"q": 0}, {"a": 0}), ({"q": 1}, {"a": -1}), ({"q": 2}, {"a": -2})]
    assert list(sdk.list_examples(dataset_name="answers")) == []
    assert sdk.read_dataset(dataset_name="questions").example_count == 3


def test_examples_are_found_by_id_metadata_and_page(sdk: Client) -> None:
    ids = fill(sdk, 105)

    assert len(rows(sdk)) == 105
    assert rows(sdk, limit=1, offset=104) == [({"q": 104}, {"a": -104})]
    assert rows(sdk, metadata={"odd": 1}, limit=2) == [({"q": 1}, {"a": -1}), ({"q": 3}, {"a": -3})]
    assert [example.inputs for example in sdk.list_examples(example_ids=ids[1:3])] == [{"q": 1}, {"q": 2}]


def test_a_single_example_uses_the_same_endpoints(sdk: Client) -> None:
    dataset = sdk.create_dataset("questions")
    example = sdk.create_example(inputs={"q": 1}, dataset_id=dataset.id)
    sdk.update_example(example.id, inputs={"q": 2})

    assert rows(sdk) == [({"q": 2}, None)]


def test_updated_examples_keep_what_was_not_changed(sdk: Client) -> None:
    ids = fill(sdk)
    dataset = sdk.read_dataset(dataset_name="questions")
    sdk.update_examples(dataset_id=dataset.id, updates=[{"id": ids[1], "inputs": {"q": "changed"}}])

    assert rows(sdk) == [({"q": 0}, {"a": 0}), ({"q": "changed"}, {"a": -1}), ({"q": 2}, {"a": -2})]


@pytest.mark.skipif(not hasattr(Client, "delete_examples"), reason="no delete_examples")
@pytest.mark.parametrize("hard", [False, True])
def test_deleted_examples_are_gone(sdk: Client, hard: bool) -> None:
    ids = fill(sdk)
    sdk.delete_examples([*ids[:2], uuid4()], hard_delete=hard)

    assert rows(sdk) == [({"q": 2}, {"a": -2})]


def test_a_dataset_that_does_not_exist(sdk: Client) -> None:
    if (sdk.info.instance_flags or {}).get("dataset_examples_multipart_enabled"):
        with pytest.raises(LangSmithNotFoundError):
            sdk.create_examples(dataset_id=uuid4(), examples=[{"inputs": {}}])
