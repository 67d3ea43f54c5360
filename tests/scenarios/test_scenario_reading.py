"""A file that is wrong in any way is told with its line, its field, the value and what may be."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.errors import ScenarioError, UsageError
from qwensim.provider import VideoOptions
from qwensim.scenarios import Scenario, Source, ids, read, scenario_of, source
from qwensim.scenarios.calls import Video
from qwensim.scenarios.document import parse
from qwensim.scenarios.spec import Remedy

HTTP = {"do": "http", "host": "dashscope-intl.aliyuncs.com", "path": "/x", "key": "standard"}
SEEN: list[dict[str, Any]] = [{"reply": {}}]


def http(**fields: Any) -> dict[str, Any]:
    return {"calls": [{**HTTP, **fields}], "reproduced": [{"response": {}}]}


@pytest.mark.parametrize(
    ("fields", "place", "problem"),
    [
        ({"version": 2}, "version", "no 2; there are: 1"),
        ({"titel": "x"}, "", "unknown field `titel`; there are: version, title, reference"),
        ({"title": ""}, "title", "length >= 1; seen: ''"),
        ({"symptom": 5}, "symptom", "Expected `str`, got `int`; seen: 5"),
        ({"as_of": "soon"}, "as_of", "Invalid RFC3339|Expected `date`"),
        ({"limits": "yes"}, "limits", "Expected `bool`, got `str`; seen: 'yes'"),
        ({"client_check": "all"}, "client_check", "no 'all'; there are: agents, any, off"),
        ({"calls": []}, "calls", "length >= 1"),
        ({"calls": [{"do": "cat"}]}, "calls[0].do", "no 'cat'; there are: chat, describe, video"),
        ({"calls": [{"model": "x"}]}, "calls[0]", "missing .*`do`; there are: chat, describe"),
        ({"calls": [{"do": "chat"}]}, "calls[0]", "`model`; there are: repeat, wait, model"),
        (
            {"calls": [{"do": "chat", "model": "x", "thinking": "much"}]},
            "calls[0].thinking",
            "no 'much'; there are: high, low",
        ),
        (
            {"calls": [{"do": "chat", "model": "x", "repeat": 0}]},
            "calls[0].repeat",
            ">= 1; seen: 0",
        ),
        (
            {"calls": [{"do": "chat", "model": "x", "parameters": {"stream": True}}]},
            "calls[0].parameters",
            "has 'stream', which stands beside it",
        ),
        (
            {
                "calls": [
                    {
                        "do": "chat",
                        "model": "x",
                        "messages": [{"content": {"text": "x", "times": 10**9}}],
                    }
                ]
            },
            "calls[0].messages",
            "a text has 16,000,000",
        ),
        (
            {"calls": [{"do": "describe", "kind": "image", "source": "/etc/passwd"}]},
            "calls[0].source",
            "matching regex",
        ),
        (http(host="example.com"), "calls[0].host", "no host 'example.com'; there are: dashscope"),
        (http(path="x"), "calls[0].path", "matching regex"),
        (http(path="/a\n"), "calls[0].path", "matching regex"),
        (http(path="/{1.a}"), "calls[0].path", "takes from call 1, which is not before this one"),
        (
            {"calls": [{**HTTP}, {"do": "task", "id": "{1.a} {3.a.b}"}]},
            "calls[1].id",
            "takes from call 3",
        ),
        (http(method="BREW"), "calls[0].method", "no 'BREW'; there are: DELETE, GET"),
        (http(key="mine"), "calls[0].key", "no key 'mine'; there are: standard, coding"),
        (http(headers={"a b": "x"}), "calls[0].headers['a b']", "no name of a header"),
        (http(headers={"a": "x\ny"}), "calls[0].headers.a", "cannot stand in a header"),
        (
            http(headers={"Content-Length": "9"}),
            "calls[0].headers['Content-Length']",
            "follows from the body and cannot be set",
        ),
        (http(headers={"a": {"key": "mine"}}), "calls[0].headers.a", "no key 'mine'"),
        (
            http(headers={"X-Api-Key": "abc"}),
            "calls[0].headers['X-Api-Key']",
            "is for credentials: write {key: NAME}",
        ),
        ({"client": {"key": "mine"}}, "client.key", "no key 'mine'; there are: standard, coding"),
        ({"client": {"profile": "mine"}}, "client.profile", "no key 'mine'"),
        ({"client": {"env": {"A": {"key": "mine"}}}}, "client.env.A", "no key 'mine'"),
        ({"client": {"env": {"A": {"kye": "x"}}}}, "client.env.A", "`kye`; there are: key"),
        ({"client": {"env": {"A": "x", "B": 5}}}, "client.env.B", "got `int`; seen: 5"),
        ({"client": {"env": {"HOME": "/root"}}}, "client.env.HOME", "not for scenarios to set"),
        (
            {"client": {"env": {"OPENCLAW_STATE_DIR": "/root"}}},
            "client.env.OPENCLAW_STATE_DIR",
            "not for scenarios to set",
        ),
        (
            {"client": {"config": {"a": [{"key": "mine"}]}}},
            "client.config.a[0]",
            "no key 'mine'",
        ),
        ({"client": {"config": {"a": {"key": 5}}}}, "client.config.a", "no key 5"),
        (
            {"client": {"config": {"secrets": {}}}},
            "client.config",
            "has `secrets`, which lead to files",
        ),
        (
            {"client": {"config": {}, "base_url": "https://example.com"}},
            "client.base_url",
            "stands in `config`",
        ),
        (
            {"client": {"config": {}, "auth_choice": "qwen-api-key"}},
            "client.auth_choice",
            "wants a `key`",
        ),
        (
            {"accounts": [{"key": "a b"}]},
            "accounts[0].key",
            "'a b' is no name: letters, digits and - make one",
        ),
        (
            {"accounts": [{"key": "a"}, {"key": "a"}]},
            "accounts[1].key",
            "'a' stands twice",
        ),
        (
            {"accounts": [{"key": "a"}, {"key": "b", "models": ["nope"]}]},
            "accounts[1]",
            "models 'nope' is not in the catalogue",
        ),
        (
            {"overlay": {"model": [{"id": "qwen3.5-plus"}, {"id": "qwen-max", "context": "x"}]}},
            "overlay.model[1].context",
            "Expected `int",
        ),
        ({"overlay": {"model": [{"id": "a"}, {}]}}, "overlay.model[1].id", "must name the row"),
        ({"overlay": {"modle": []}}, "overlay.modle", "no such table; there are: plan, host"),
        (
            {"overlay": {"error": [{"id": "overdue", "message": "{"}]}},
            "overlay.error[0].message",
            "is no template",
        ),
        ({"scripts": [{"text": "a"}, {"txt": "b"}]}, "scripts[1]", "unknown field `txt`"),
        ({"scripts": [{"error": "nope"}]}, "scripts[0]", "no error 'nope'; there are: "),
        ({"faults": [{"kind": "dorp"}]}, "faults[0].kind", "no 'dorp'; there are: .*drop"),
        ({"faults": [{"kind": "error", "error": "nope"}]}, "faults[0]", "no error 'nope'"),
        ({"reproduced": []}, "reproduced", "length >= 1"),
        ({"reproduced": [{}]}, "reproduced[0]", "expects nothing; there are: error, reply"),
        ({"reproduced": [{"call": 2, "reply": {}}]}, "reproduced[0].call", "no call 2; .* is 1"),
        (
            {"reproduced": [{"error": {"message": {}}}]},
            "reproduced[0].error.message",
            "asks nothing of the value; there are: equals, contains",
        ),
        (
            {"reproduced": [{"response": {"body": {"a.b": {"contians": 1}}}}]},
            "reproduced[0].response.body['a.b']",
            "unknown field `contians`; there are: equals, contains, lacks",
        ),
        (
            {**http(), "reproduced": [{"reply": {}}]},
            "reproduced[0].reply",
            "is of the provider; what came of http is the `response`",
        ),
        ({"remedy": {"words": "w", "seen": SEEN}}, "remedy", "changes nothing; there are: as_of"),
        (
            {"remedy": {"words": "w", "seen": SEEN, "calls": [{**HTTP, "host": "x.y"}]}},
            "remedy.calls[0].host",
            "no host 'x.y'",
        ),
        (
            {"remedy": {"words": "w", "limits": True, "seen": [{"call": 3, "reply": {}}]}},
            "remedy.seen[0].call",
            "no call 3; the last one is 1",
        ),
        (
            {"remedy": {"words": "w", "overlay": {"model": [{"id": 5}]}, "seen": SEEN}},
            "remedy.overlay.model[0].id",
            "must name the row",
        ),
    ],
)
def test_a_wrong_field_is_told(
    write: Callable[..., str], fields: dict[str, Any], place: str, problem: str
) -> None:
    path = write(**fields)
    with pytest.raises(ScenarioError, match=problem) as caught:
        read(path)
    error = caught.value
    assert error.field == place
    assert str(error).startswith(f"{path}:{error.line}: {place}")
    assert "\n" not in str(error)
    lines = Path(path).read_text("utf-8").splitlines()
    assert 1 <= error.line <= len(lines)


def test_the_line_is_that_of_the_field(write: Callable[..., str]) -> None:
    path = write(faults=[{"kind": "drop"}, {"kind": "error", "error": "nope"}])
    with pytest.raises(ScenarioError) as caught:
        read(path)
    lines = Path(path).read_text("utf-8").splitlines()
    assert lines[caught.value.line - 1] == "- kind: error"


def test_the_line_of_an_unknown_field_is_its_own(tmp_path: Path) -> None:
    text = source("hour-quota").text
    wrong = text.replace("      code: ", "      cdoe: ").encode()
    (tmp_path / "own.yaml").write_bytes(wrong)
    line = wrong[: wrong.index(b"cdoe")].count(b"\n") + 1
    with pytest.raises(ScenarioError, match=r"error: .*unknown field `cdoe`; there are: ") as info:
        read("own.yaml", folder=tmp_path)
    assert info.value.line == line


@pytest.mark.parametrize(
    "text", [FAKE_KEYS["standard"], "see https://x/?api_key=abc", "a%20sk-0123456789"]
)
def test_credentials_are_refused_and_not_shown(write: Callable[..., str], text: str) -> None:
    for fields in ({"symptom": f"With {text}."}, {"client": {"env": {text: "x"}}}):
        with pytest.raises(ScenarioError, match="holds a credential") as caught:
            read(write(**fields))
        assert text not in str(caught.value)


@pytest.mark.parametrize("text", ["task-failed-moderation", "disk-cleanup-tool", "an sk-sp-… key"])
def test_words_that_look_like_keys_are_none(write: Callable[..., str], text: str) -> None:
    assert read(write(symptom=text)).symptom == text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: \xff", ":1: is not UTF-8"),
        (b"a" * 1_000_001, "more than the 1,000,000 bytes"),
        (b"", ":1: Expected `object`, got `null`"),
        (b"- a", ":1: Expected `object`, got `array`"),
        (b"a: [", ":1: "),
    ],
)
def test_a_file_that_is_no_scenario_is_refused(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "mine.yml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=problem):
        read("mine.yml", folder=tmp_path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"^mine\.yaml: cannot be read: No such file"):
        read("mine.yaml", folder=tmp_path)
    with pytest.raises(ScenarioError, match=r"cannot be read: .*null"):
        read("a\0.yaml")


def test_an_id_that_is_not_there_is_told() -> None:
    with pytest.raises(UsageError, match=r"no scenario 'nope'; there are: .*, developer-role, "):
        read("nope")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("developer-rol", "developer-role"),
        ("usage-zero", "usage-zero-without-stream-options"),
        ("hours-quota", "hour-quota"),
    ],
)
def test_an_id_that_is_nearly_one_is_told_which(name: str, nearest: str) -> None:
    with pytest.raises(UsageError, match=f"no scenario '{name}'; the nearest: {nearest}") as info:
        source(name)
    assert len(str(info.value)) < 300


def test_a_scenario_of_the_library_can_be_read_from_a_file(tmp_path: Path) -> None:
    found = source("developer-role")
    (tmp_path / "copy.yaml").write_text(found.text, "utf-8")
    copied = source("copy.yaml", folder=tmp_path)
    assert copied == Source(id="copy", name="copy.yaml", text=found.text)
    assert scenario_of(copied) == read("developer-role")


@pytest.mark.parametrize("name", ids())
def test_a_scenario_can_be_written_and_read_again(name: str) -> None:
    scenario = read(name)
    text = yaml.safe_dump(msgspec.to_builtins(scenario), sort_keys=False)
    assert scenario_of(Source(id=name, name=name, text=text)) == scenario


def test_a_remedy_may_change_what_makes_up_the_situation() -> None:
    own = {"version", "title", "reference", "symptom", "reproduced", "remedy"}
    assert set(Scenario.__struct_fields__) - own == set(Remedy.may_give())


def test_the_options_of_a_video_are_those_of_the_provider() -> None:
    assert set(Video.may_give()) == set(VideoOptions.__annotations__)


LIBRARY = [parse(source(name).text).data for name in ids()]
PLACES = st.integers(min_value=0, max_value=10_000)
STRANGE = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.text(max_size=8)
    | st.lists(st.integers(0, 9), max_size=2)
    | st.dictionaries(st.text(max_size=4), st.integers(0, 9), max_size=2)
)


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container and step in it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for step, item in list(pairs):
        yield value, step
        if isinstance(item, dict | list):
            yield from spots(item)


@given(st.sampled_from(LIBRARY), PLACES, STRANGE, st.sampled_from(["change", "drop", "add"]))
def test_a_file_that_was_broken_anywhere_is_read_or_refused_in_one_line(
    sound: Any, place: int, strange: Any, how: str
) -> None:
    broken = copy.deepcopy(sound)
    every = list(spots(broken))
    container, step = every[place % len(every)]
    if how == "change":
        container[step] = strange
    elif how == "drop":
        del container[step]
    elif isinstance(container, dict):
        container[f"{step}x"] = strange
    else:
        container.append(strange)
    text = yaml.safe_dump(broken, allow_unicode=True)
    try:
        scenario_of(Source(id="broken", name="broken.yaml", text=text))
    except ScenarioError as refused:
        error = refused
    else:
        return
    assert str(error).startswith(f"broken.yaml:{error.line}: ")
    assert "\n" not in str(error)
    assert 1 <= error.line <= len(text.splitlines())


@given(st.integers(100, 2000), st.sampled_from(["title: ", "client: {config: ", "overlay: "]))
def test_a_file_that_is_nested_deep_is_read_or_refused(depth: int, field: str) -> None:
    closing = "}" * field.count("{")
    text = f"version: 1\n{field}{'{a: ' * depth}1{'}' * depth}{closing}\n"
    with pytest.raises(ScenarioError, match=r"^deep\.yaml:\d: "):
        scenario_of(Source(id="deep", name="deep.yaml", text=text))


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_text_at_all_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario_of(Source(id="broken", name="broken.yaml", text=text))
    assert str(caught.value).startswith(f"broken.yaml:{caught.value.line}: ")
    assert len(str(caught.value).splitlines()) == 1
