"""The JSON Schema takes what the reader takes, and refuses what it can."""

import copy
import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qwensim.errors import ScenarioError
from qwensim.scenarios import Source, ids, scenario_of, schema, source
from qwensim.scenarios.document import parse

SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def data_of(name: str) -> Any:
    """Return a scenario as an editor sees it: dates are texts."""
    return json.loads(json.dumps(parse(source(name).text).data, default=str))


LIBRARY = [data_of(name) for name in ids()]


def is_read(data: Any) -> bool:
    try:
        scenario_of(Source(id="x", name="x.yaml", text=yaml.safe_dump(data)))
    except ScenarioError:
        return False
    return True


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ids())
def test_the_library_is_valid(name: str) -> None:
    VALIDATOR.validate(data_of(name))


def test_every_field_of_a_scenario_is_described_or_plain() -> None:
    fields = SCHEMA["$defs"]["Scenario"]["properties"]
    assert fields["reproduced"]["description"] == "What must be seen to call it reproduced."
    assert SCHEMA["$defs"]["Chat"]["properties"]["repeat"]["description"].startswith("It is done")
    assert SCHEMA["$defs"]["Fault"]["description"] == "What goes wrong, where and how often."


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("version",), 2),
        (("titel",), "x"),
        (("calls",), []),
        (("calls", 0, "do"), "cat"),
        (("calls", 0, "repeat"), 0),
        (("calls", 0, "thinking"), "much"),
        (("client", "kye"), "standard"),
        (("client_check",), "all"),
        (("faults",), [{"kind": "dorp"}]),
        (("reproduced",), []),
        (("reproduced", 0), {"call": 1}),
        (("reproduced", 0, "call"), 0),
        (("reproduced", 0, "requests"), {}),
        (("reproduced", 0, "requests"), {"leats": 1}),
        (("remedy",), {"words": "w", "seen": [{"reply": {}}]}),
    ],
)
def test_what_the_reader_refuses_is_invalid(steps: tuple[Any, ...], value: Any) -> None:
    data = data_of("qwen3.6-plus-on-coding-plan")
    inner = data
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = value
    assert not VALIDATOR.is_valid(data)
    assert not is_read(data)


@given(
    st.sampled_from(LIBRARY),
    st.sampled_from(sorted({name for data in LIBRARY for name in data})),
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just([]) | st.just({}),
)
def test_what_is_read_is_valid(sound: Any, field: str, value: Any) -> None:
    data = copy.deepcopy(sound)
    data[field] = value
    if is_read(data):
        VALIDATOR.validate(data)
