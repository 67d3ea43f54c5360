"""Tools to offer, and what is said of a request that is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.simulator import Simulator

WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "minLength": 3},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
        "unit": {"enum": ["C", "F"]},
    },
    "required": ["city", "days"],
    "additionalProperties": False,
}


def tool(name: str, parameters: Any = None) -> dict[str, Any]:
    function = {"name": name} if parameters is None else {"name": name, "parameters": parameters}
    return {"type": "function", "function": function}


TOOLS = [tool("weather", WEATHER), tool("clock"), tool("get.time+(x)", {})]


@pytest.fixture(scope="session")
def weather() -> dict[str, Any]:
    """Return the parameters of the tool `weather`."""
    return WEATHER


@pytest.fixture(scope="session")
def tools() -> list[dict[str, Any]]:
    """Return three tools: with a schema, without one and with an empty one."""
    return TOOLS


@pytest.fixture(scope="session")
def said() -> Callable[[str], list[dict[str, str]]]:
    """Return what a user says as messages."""
    return lambda text: [{"role": "user", "content": text}]


@pytest.fixture(scope="session")
def words(send: Callable[..., Any]) -> Callable[..., str | None]:
    """Return the message of a refusal, or nothing where there is an answer."""

    def refused(**fields: Any) -> str | None:
        reply = send(Simulator(), **fields)
        return None if reply.status == 200 else reply.error["message"]

    return refused
