"""A file that is wrong in any way is told with its line, its field, the value and what may be."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog.keys import FAKE_KEYS
from qwensim.errors import ScenarioError
from qwensim.scenarios import read, source

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
