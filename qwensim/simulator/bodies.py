"""Decodes request bodies. Whatever cannot be decoded is an invalid body, never a crash."""

from typing import Any

import msgspec

from qwensim.simulator.refusals import Refused

DEEPEST = 200
"""Levels of nesting. Jackson, which the service decodes with, has a limit too (guess)."""


def decode_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body, or refuse it in the service's words."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        # Besides bad syntax: lone surrogates, numbers out of range, bytes that are not UTF-8.
        raise Refused("body-invalid") from None
    if not isinstance(value, dict) or _too_deep(body, value):
        raise Refused("body-invalid")
    return value


def _too_deep(body: bytes, value: Any) -> bool:
    if body.count(b"{") + body.count(b"[") <= DEEPEST:
        return False
    level = [value]
    for _ in range(DEEPEST):
        level = [
            item
            for container in level
            for item in (container.values() if isinstance(container, dict) else container)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True
