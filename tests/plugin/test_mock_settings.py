"""What can be set for the fake of `mock`."""

from typing import Any

import pytest

from qwensim import UsageError
from qwensim.catalog import load
from qwensim.mocking import mock

HOST = "dashscope-intl.aliyuncs.com"

pytestmark = pytest.mark.usefixtures("pristine")


def test_limits_are_enforced_if_asked_for(client: Any) -> None:
    catalog = load({"model": [{"id": "qwen-plus", "on": {HOST: {"rpm": 1}}}]})
    with mock(catalog=catalog):
        assert [client.chat().status_code for _ in range(2)] == [200, 200]
    with mock(catalog=catalog, limits=True):
        assert [client.chat().status_code for _ in range(2)] == [200, 429]


def test_the_client_check_is_that_of_the_simulator() -> None:
    with mock() as fake:
        assert fake.simulator.client_check == "any"
    with mock(client_check="agents") as fake:
        assert fake.simulator.client_check == "agents"
    wrong: Any = "some"
    with (
        pytest.raises(UsageError, match="no client check 'some'; there are: any"),
        mock(client_check=wrong),
    ):
        pass
