"""Every model that chats, on every host that serves it, in every way of asking."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.simulator import Simulator

Send = Callable[..., Any]

CATALOG = load()
STREAM = {"stream": True, "stream_options": {"include_usage": True}}
ASKED = [{"role": "user", "content": "Use the f tool and use the g tool."}]
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]
WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "thinking": {"enable_thinking": True},
    "not thinking": {"enable_thinking": False},
    "log probabilities": {"logprobs": True, "top_logprobs": 2},
    "calls": {"messages": ASKED, "tools": TOOLS, "parallel_tool_calls": True, "logprobs": True},
    "thinking calls": {"messages": ASKED, "tools": TOOLS, "enable_thinking": True},
    "unasked tools": {"tools": TOOLS, "enable_thinking": True},
}
MAY_REFUSE = {"thinking-only", "thinking-needs-stream", "stream-only", "tools-unsupported"}


def without_ids(reply: Any) -> list[dict[str, Any]]:
    return [{**choice, "calls": [call[1:] for call in choice["calls"]]} for choice in reply.choices]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("host", CATALOG.hosts)
def test_a_model_answers_alike_streamed_or_whole(send: Send, host: str, way: str) -> None:
    simulator = Simulator()
    for model, row in CATALOG.served[host].items():
        if "chat" not in row.surfaces:
            continue
        stream = send(simulator, host=host, model=model, **WAYS[way], **STREAM)
        refused, counted = simulator.journal[-1].error, simulator.journal[-1].usage
        assert refused is None or refused in MAY_REFUSE, model
        whole = send(simulator, host=host, model=model, **WAYS[way])
        if whole.status != 200:
            assert simulator.journal[-1].error in MAY_REFUSE
            continue
        assert without_ids(stream) == without_ids(whole), model
        assert counted == simulator.journal[-1].usage, model
        totals = ("prompt_tokens", "completion_tokens", "total_tokens")
        assert [stream.usage[name] for name in totals] == [whole.usage[name] for name in totals]
        assert stream.choices[0]["finish"] == ("tool_calls" if "calls" in way else "stop")
        thinks = bool(whole.choices[0]["reasoning"])
        assert thinks == bool((simulator.journal[-1].usage or {})["reasoning"])
