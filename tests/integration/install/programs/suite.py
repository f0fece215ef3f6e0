"""Tests of a user's that LangSmith records, without a conftest.py."""

import pytest
from langsmith import testing


@pytest.mark.langsmith
@pytest.mark.parametrize(("x", "y"), [(1, 2), (2, 4), (3, 6)])
def test_double(x, y):
    testing.log_outputs({"y": 2 * x})
    assert 2 * x == y
