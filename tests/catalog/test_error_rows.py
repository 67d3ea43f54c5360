"""Every error row can be met: a check raises it, a row names it, or only a script can."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from qwensim.catalog import load

SIMULATOR = Path(__file__).parents[2] / "qwensim" / "simulator"

CONTENT = "what a picture or a text shows is for a script to say"
NETWORK = "nothing is fetched, so only a script knows that it cannot be"
ACCOUNT = "accounts have no workspaces and no such permissions"
LATER = "models of a later day, whose rules on these fields are not modelled"
LOAD = "the service is never too busy, and nothing in it breaks"
OPEN = "which models, or which values, is not on record"

FOR_SCRIPTS = {
    "access-denied": ACCOUNT,
    "anthropic-serving-error": LOAD,
    "free-quota-exceeded": LOAD,
    "image-undecodable": NETWORK,
    "input-repeats-tool-calls": CONTENT,
    "max-tokens-not-above-budget": LATER,
    "media-content-type": NETWORK,
    "media-format-unsupported": NETWORK,
    "media-inspection-forbidden": NETWORK,
    "media-inspection-timeout": NETWORK,
    "media-inspection-unreachable": NETWORK,
    "model-denied": ACCOUNT,
    "moderation-input": CONTENT,
    "moderation-input-image": CONTENT,
    "moderation-internal": CONTENT,
    "moderation-output": CONTENT,
    "native-number-unparsable": OPEN,
    "native-throttling": LOAD,
    "overloaded": LOAD,
    "plan-rate": LOAD,
    "reasoning-effort-and-budget": LATER,
    "reasoning-effort-without-thinking": LATER,
    "search-unsupported": OPEN,
    "task-failed-download": NETWORK,
    "task-failed-moderation": CONTENT,
    "task-failed-timeout": LOAD,
    "text-content-only": OPEN,
    "token-limit-allocated": LOAD,
    "unavailable": LOAD,
    "workspace-denied": ACCOUNT,
}
"""Rows that no check raises, and why."""


def words() -> Iterator[str]:
    """Yield the texts that stand in the simulator's code."""
    for path in SIMULATOR.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def texts(value: Any) -> Iterator[str]:
    """Yield the texts in a row."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def test_a_row_is_raised_by_a_check_or_says_why_it_is_not() -> None:
    catalog = load()
    named = {*words()}
    for table in catalog.__struct_fields__:
        if table not in ("errors", "errors_on"):
            named |= {*texts(msgspec.to_builtins(getattr(catalog, table)))}
    told = {row.id for row in catalog.errors.values() if row.of is not None}
    unnamed = {*catalog.errors} - named - told
    assert unnamed == {*FOR_SCRIPTS}
