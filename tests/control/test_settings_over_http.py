"""`/__qwensim/settings`: limits and the client check, for tests in any language."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.simulator import Simulator, VirtualClock

SETTINGS, RESET, CLOCK = "/__qwensim/settings", "/__qwensim/reset", "/__qwensim/clock"
Start = Callable[..., AbstractContextManager[Any]]


def one_a_minute() -> Simulator:
    figures = {"rpm": 1, "on": {"dashscope.aliyuncs.com": {"rpm": 1}}}
    overlay = {"model": [{"id": "qwen3.5-plus", **figures}]}
    return Simulator(catalog=load(overlay), clock=VirtualClock())


def test_limits_are_turned_on_and_off(start: Start) -> None:
    with start(one_a_minute()) as served:
        assert served.get(SETTINGS) == {"limits": False, "client_check": "any"}
        assert served.post(SETTINGS, {"limits": True})["limits"] is True
        assert [served.ask().status_code for _ in range(2)] == [200, 429]
        served.post(CLOCK, {"advance": 60})
        assert [served.ask().status_code for _ in range(2)] == [200, 429]
        assert served.client.post(RESET).status_code == 200
        assert [served.ask().status_code for _ in range(2)] == [200, 429]
        assert served.post(SETTINGS, {"limits": False})["limits"] is False
        assert served.ask().status_code == 200


def test_the_plan_is_for_agents_or_for_all(start: Start) -> None:
    with start(Simulator()) as served:

        def ask(agent: str) -> int:
            answer = served.client.post(
                "/coding-intl.dashscope.aliyuncs.com/v1/chat/completions",
                json={"model": "qwen3.5-plus", "messages": [{"role": "user", "content": "hi"}]},
                headers={"authorization": "Bearer sk-sp-0123456789abcdef", "user-agent": agent},
            )
            return int(answer.status_code)

        assert [ask(agent) for agent in ("", "curl/8", "QwenCode/1")] == [405, 200, 200]
        told = served.post(SETTINGS, {"client_check": "agents"})
        assert told == {"limits": False, "client_check": "agents"}
        assert [ask(agent) for agent in ("", "curl/8", "QwenCode/1")] == [405, 405, 200]
        served.post(SETTINGS, {"client_check": "off"})
        assert [ask(agent) for agent in ("", "curl/8", "QwenCode/1")] == [200, 200, 200]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"limits": 1}, "^limits: Expected `bool`, got `int`; seen: 1$"),
        ({"client_check": "none"}, "^client_check: no 'none'; there are: "),
        ({"limits": True, "check": "off"}, "unknown field `check`; there are: limits, client_ch"),
        (None, "^Expected `object`, got `null`; seen: None$"),
    ],
)
def test_wrong_settings_are_told_of_and_change_nothing(served: Any, fields: Any, told: str) -> None:
    assert re.search(told, served.refused(SETTINGS, json=fields))
    assert served.get(SETTINGS) == {"limits": False, "client_check": "any"}
