"""Drafts reproduce what is on record, hold no secret, and say what they leave out."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwensim.cli.request_log import JournalFile
from qwensim.contract import Fake, cases, run
from qwensim.errors import UsageError
from qwensim.recording import CassetteError
from qwensim.recording import read as read_cassette
from qwensim.scenarios import Result, Scenario, Source, reproduce, scenario_of
from qwensim.scenarios.document import parse, written
from qwensim.scenarios.drafting import Draft, draft
from qwensim.scenarios.drafting.faults import pinned
from qwensim.simulator import Entry, Fault, Simulator
from qwensim.simulator.faults import KINDS, FaultQueue
from qwensim.transport import transport

CASSETTES = Path(__file__).parents[2] / "cassettes"
SAMPLE = sorted(CASSETTES.rglob("*.yaml"))[::25]

STANDARD = "dashscope-intl.aliyuncs.com"
CODING = "coding-intl.dashscope.aliyuncs.com"
CHAT = f"https://{STANDARD}/compatible-mode/v1/chat/completions"
PLAN_CHAT = f"https://{CODING}/v1/chat/completions"
KEY = "sk-not-a-real-key"
PLAN_KEY = "sk-sp-not-a-real-key"
SECRET = "sk-4f8a1c0de9b27365d1e0aa77"
Cassette = Callable[..., Path]
BODY: dict[str, Any] = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": "Hello"}],
}


def scenario(made: Draft) -> Scenario:
    return scenario_of(Source(id="draft", name="draft", text=made.text))


def played(made: Draft) -> Result:
    """Play a draft, which must reproduce."""
    result = reproduce(scenario(made))
    assert result.as_expected, [finding for finding in result.findings if not finding.holds]
    return result


def statuses(result: Result) -> list[int]:
    return [
        exchange.status or 0 for outcome in result.played.outcomes for exchange in outcome.exchanges
    ]


class TestCassettes:
    @pytest.mark.parametrize("path", SAMPLE, ids=lambda path: f"{path.parts[-3][:12]}-{path.stem}")
    def test_a_case_of_the_contract_is_seen_again(self, path: Path) -> None:
        made = draft(path)
        assert made.left_out == ()
        recorded = read_cassette(path).interactions
        assert made.requests == len(recorded)
        assert statuses(played(made)) == [interaction.status for interaction in recorded]

    def test_an_error_that_nobody_has_told_before_becomes_a_row(self, cassette: Cassette) -> None:
        error = {"message": "Out of {paper}, $5", "type": "odd", "param": None, "code": "Odd"}
        made = draft(cassette(_interaction(status=418, body={"error": error, "request_id": "1"})))
        result = played(made)
        (exchange,) = result.played.outcomes[0].exchanges
        assert exchange.status == 418
        assert exchange.response_json["error"] == error
        (row,) = scenario(made).overlay["error"]
        assert (row["id"], row["envelope"]) == ("seen-1", "gateway")

    def test_the_same_odd_error_twice_is_one_row(self, cassette: Cassette) -> None:
        odd = _interaction(status=502, body="<html>$Bad gateway</html>", kind="text/html")
        good = _interaction(body=_completion("Hi."))
        made = draft(cassette(odd, good, odd))
        assert [len(rows) for rows in scenario(made).overlay.values()] == [1, 1]
        result = played(made)
        assert statuses(result) == [502, 200, 502]
        (exchange,) = result.played.outcomes[0].exchanges
        assert exchange.text == "<html>$Bad gateway</html>"
        assert dict(exchange.response_headers)["content-type"] == "text/html"

    def test_an_empty_error_is_one_again(self, cassette: Cassette) -> None:
        made = draft(cassette(_interaction(status=504, body="")))
        (exchange,) = played(made).played.outcomes[0].exchanges
        assert (exchange.status, exchange.text) == (504, "")

    def test_what_the_model_said_is_said_again(self, cassette: Cassette) -> None:
        calls = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
        first, second = _completion("One."), _completion("", tool_calls=calls, finish="tool_calls")
        tools = [{"type": "function", "function": {"name": "f"}}]
        made = draft(
            cassette(
                _interaction(body=first),
                _interaction({**BODY, "temperature": 9}, status=400, body=_TEMPERATURE),
                _interaction({**BODY, "tools": tools}, body=second),
            )
        )
        outcomes = played(made).played.outcomes
        said = [outcome.exchanges[0].response_json for outcome in outcomes]
        assert said[0]["choices"][0]["message"]["content"] == "One."
        assert said[0]["usage"]["total_tokens"] == first["usage"]["total_tokens"]
        assert said[2]["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "f"
        assert "overlay" not in made.text
        assert "faults" not in made.text

    def test_what_a_native_stream_said_is_said_again(self, cassette: Cassette) -> None:
        texts = ["Ho", "Ho ho", "Ho ho ho."]
        frames = [_native(text, "null" if text != texts[-1] else "stop") for text in texts]
        body = {"model": "qwen-plus", "input": {"prompt": "Laugh."}}
        made = draft(
            cassette(
                _interaction(
                    body,
                    url=f"https://{STANDARD}/api/v1/services/aigc/text-generation/generation",
                    headers={"x-dashscope-sse": "enable"},
                    kind="text/event-stream;charset=UTF-8",
                    answer="".join(frames),
                )
            )
        )
        (exchange,) = played(made).played.outcomes[0].exchanges
        assert exchange.frames[-1]["output"]["text"] == "Ho ho ho."
        assert exchange.frames[-1]["usage"]["output_tokens"] == 3

    @pytest.mark.parametrize("gone", ['"usage":{', "[DONE]"], ids=["usage", "done"])
    def test_what_is_missing_in_a_stream_is_missing_again(
        self, gone: str, cassette: Cassette
    ) -> None:
        frames = _streamed({"stream_options": {"include_usage": True}})
        left = "".join(
            f"{frame}\n\n" for frame in frames.split("\n\n") if frame and gone not in frame
        )
        asked = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
        made = draft(cassette(_interaction(asked, kind="text/event-stream", answer=left)))
        (exchange,) = played(made).played.outcomes[0].exchanges
        assert gone not in (exchange.text or "")
        assert made.left_out == ()

    def test_a_model_of_which_nothing_was_known_is_served(self, cassette: Cassette) -> None:
        asked = {**BODY, "model": "qwen9-mega"}
        made = draft(cassette(_interaction(asked, body=_completion("Hi.", model="qwen9-mega"))))
        assert statuses(played(made)) == [200]
        assert scenario(made).overlay["model"] == (
            {"id": "qwen9-mega", "hosts": [STANDARD], "thinking": "on"},
        )

    def test_a_model_that_was_elsewhere_only_is_served_there_too(self, cassette: Cassette) -> None:
        asked = {**BODY, "model": "qwen3-vl-plus"}
        answer = _completion("Hi.", model="qwen3-vl-plus")
        made = draft(cassette(_interaction(asked, url=PLAN_CHAT, body=answer)))
        assert statuses(played(made)) == [200]
        assert CODING in scenario(made).overlay["model"][0]["hosts"]

    def test_what_does_not_come_again_is_told(self, cassette: Cassette) -> None:
        task = f"https://{STANDARD}/api/v1/tasks/1f0c8e9a"
        output = {"output": {"task_id": "1f0c8e9a", "task_status": "SUCCEEDED"}}
        made = draft(
            cassette(
                _interaction(None, method="GET", url=task, body=output),
                _interaction(url="https://api.example.com/v1/chat/completions"),
                _interaction(method="PATCH", url=task),
            )
        )
        assert statuses(played(made)) == [200]
        assert made.left_out == (
            "POST api.example.com: is no request to the service",
            f"PATCH {STANDARD}: is no request to the service",
            'call 1, response.body.output.task_status: "SUCCEEDED" is on record, here "UNKNOWN"',
        )
        for line in made.left_out:
            assert f"#   {line}\n" in made.text

    def test_the_day_and_the_waits_are_those_of_the_recording(self, cassette: Cassette) -> None:
        answer = _completion("Hi.")
        made = draft(
            cassette(
                _interaction(body=answer, moment="Tue, 07 Apr 2026 10:00:00 GMT"),
                _interaction(body=answer, moment="Tue, 07 Apr 2026 10:01:30 GMT", arrived=None),
                _interaction({**BODY, "seed": 1}, body=answer, arrived=1775556092500),
            )
        )
        found = scenario(made)
        assert f"{found.as_of}" == "2026-04-07"
        assert [call.wait for call in found.calls] == [90.0, 2.5]
        assert found.calls[0].repeat == 2
        assert statuses(played(made)) == [200, 200, 200]

    def test_bodies_that_are_no_objects_are_sent_as_they_were(self, cassette: Cassette) -> None:
        long = {**BODY, "extra": {"text": "a", "times": 3}}
        bodies = ["[1, 2]", "{broken", json.dumps(long)]
        made = draft(
            cassette(*(_interaction(text, status=400, body=_TEMPERATURE) for text in bodies))
        )
        sent = [outcome.exchanges[0].content.decode() for outcome in played(made).played.outcomes]
        assert sent == bodies

    def test_a_fake_behind_a_socket_is_known_by_its_paths(self, cassette: Cassette) -> None:
        url = f"http://127.0.0.1:8000/{STANDARD}/compatible-mode/v1/chat/completions"
        made = draft(cassette(_interaction(url=url, body=_completion("Hi."))))
        assert scenario(made).calls[0].host == STANDARD  # type: ignore[union-attr]  # it is http


class Journaled(Fake):
    """The contract's fake, which keeps a journal file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def _way(self, simulator: Simulator) -> httpx2.BaseTransport:
        _keep(simulator, self._path)
        return super()._way(simulator)


class TestJournals:
    @pytest.mark.parametrize(
        "case",
        [
            case
            for case in cases()
            if case.plans and "video" not in case.id and "task" not in case.id
        ][::25],
        ids=lambda case: case.id,
    )
    def test_a_case_of_the_contract_is_seen_again(self, case: Any, tmp_path: Path) -> None:
        path = tmp_path / "journal.jsonl"
        host = STANDARD if "standard" in case.plans else CODING
        run(case, host, Journaled(path))
        if not path.exists():
            pytest.skip("the case sends nothing")
        entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        result = played(draft(path))
        seen = [(entry.status, entry.error) for entry in result.played.entries]
        assert seen == [(entry["status"], entry["error"]) for entry in entries]

    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        faults=st.lists(
            st.fixed_dictionaries(
                {"kind": st.sampled_from(sorted(KINDS)), "every": st.integers(1, 3)},
                optional={"times": st.integers(1, 2), "after": st.integers(0, 3)},
            ),
            max_size=4,
        ),
        requests=st.lists(
            st.sampled_from(["whole", "stream", "bad", "list", "nowhere", "key"]),
            min_size=1,
            max_size=6,
        ),
    )
    def test_any_journal_is_seen_again(
        self, faults: list[dict[str, Any]], requests: list[str], tmp_path: Path
    ) -> None:
        simulator = Simulator()
        for fault in faults:
            if fault["kind"] in ("error", "error-event"):
                fault["error"] = "rate-limit"
            simulator.fault(Fault(**fault))
        path = _journal(simulator, requests, tmp_path)
        result = played(draft(path))
        was = [(entry.status, entry.error) for entry in simulator.journal]
        assert [(entry.status, entry.error) for entry in result.played.entries] == was

    def test_accounts_are_deduced(self, tmp_path: Path) -> None:
        simulator = Simulator()
        simulator.account(key=KEY, state="overdue")
        simulator.account(key=PLAN_KEY, plan="coding", spent="week")
        path = _journal(simulator, ["whole", "plan", "stream", "key"], tmp_path)
        made = draft(path)
        played(made)
        accounts = {account.key: account for account in scenario(made).accounts}
        assert accounts["overdue"].state == "overdue"
        assert accounts["week-spent"].spent == "week"
        assert accounts["refused"].state == "revoked"
        assert "faults" not in made.text

    def test_polls_become_one_call(self, tmp_path: Path) -> None:
        made = draft(_journal(Simulator(), ["task"] * 20, tmp_path))
        (call,) = scenario(made).calls
        assert call.repeat == 20
        assert len(played(made).played.entries) == 20

    def test_a_retry_after_is_sent_again(self, tmp_path: Path) -> None:
        simulator = Simulator()
        simulator.fault("error", error="rate-limit", headers={"retry-after": "7"})
        result = played(draft(_journal(simulator, ["whole"], tmp_path)))
        (exchange,) = result.played.outcomes[0].exchanges
        assert dict(exchange.response_headers)["retry-after"] == "7"

    def test_a_video_is_asked_for_by_the_id_that_it_has_now(self, tmp_path: Path) -> None:
        path = _journal(Simulator(seed=7), ["video", "poll", "poll"], tmp_path)
        result = played(draft(path))
        assert result.played.entries[-1].task == "SUCCEEDED"

    def test_what_was_turned_away_is_no_request(self, tmp_path: Path) -> None:
        simulator = Simulator()
        path = tmp_path / "journal.jsonl"
        _keep(simulator, path)
        client = httpx2.Client(transport=transport(simulator, httpx2))
        client.post(CHAT, json=BODY)
        first = path.read_text("utf-8")
        away = {**json.loads(first), "host": "api.example.com", "error": "kept-away", "status": 403}
        path.write_text(first + json.dumps(away), "utf-8")
        assert draft(path).requests == 1


class TestSecrets:
    places = st.fixed_dictionaries(
        {},
        optional={
            "url": st.just(f"{CHAT}?api_key={SECRET}"),
            "headers": st.sampled_from(
                [
                    {"authorization": f"Bearer {SECRET}"},
                    {"x-api-key": SECRET},
                    {"user-agent": f"me/{SECRET}"},
                    {"x-dashscope-datainspection": SECRET},
                ]
            ),
            "asked": st.sampled_from(
                [
                    {**BODY, "user": SECRET},
                    {**BODY, "messages": [{"role": "user", "content": f"My key is {SECRET}."}]},
                    {**BODY, SECRET: 1},
                    {**BODY, "model": SECRET},
                    f"key={SECRET}",
                ]
            ),
            "status": st.sampled_from([200, 400, 401, 418]),
            "answer": st.sampled_from(
                [
                    json.dumps({"error": {"message": f"Bad key {SECRET}", "code": SECRET}}),
                    json.dumps({"choices": [{"message": {"content": f"It is {SECRET}"}}]}),
                    f"<html>{SECRET}</html>",
                    f'data: {{"choices":[{{"delta":{{"content":"{SECRET}"}}}}]}}\n\n',
                ]
            ),
        },
    )

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(places=st.lists(places, min_size=1, max_size=3))
    def test_no_credential_of_a_cassette_is_in_its_draft(
        self, places: list[dict[str, Any]], cassette: Cassette
    ) -> None:
        made = draft(cassette(*(_interaction(**place) for place in places)))
        assert SECRET not in made.text
        played(made)

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(places=st.lists(places, min_size=1, max_size=3))
    def test_no_credential_of_a_journal_is_in_its_draft(
        self, places: list[dict[str, Any]], tmp_path: Path
    ) -> None:
        simulator = Simulator()
        path = tmp_path / "journal.jsonl"
        path.unlink(missing_ok=True)
        _keep(simulator, path)
        client = httpx2.Client(transport=transport(simulator, httpx2))
        for place in places:
            asked = place.get("asked", BODY)
            client.post(
                place.get("url", CHAT),
                headers=place.get("headers"),
                content=asked if isinstance(asked, str) else json.dumps(asked),
            )
        entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for entry, place in zip(entries, places, strict=True):  # as another tool would write it
            entry["headers"] += [*place.get("headers", {}).items()]
            entry["body"] = place.get("asked", BODY)
            entry["query"] = place.get("url", CHAT).partition("?")[2]
            if entry["message"]:
                entry["message"] += SECRET
        path.write_text("".join(f"{json.dumps(entry)}\n" for entry in entries), "utf-8")
        made = draft(path)
        assert SECRET not in made.text
        played(made)


class TestMistakes:
    def test_there_must_be_a_request_to_the_service(self, cassette: Cassette) -> None:
        path = cassette(_interaction(url="https://api.example.com/v1/chat/completions"))
        with pytest.raises(UsageError, match=r"cassette.yaml has no request to a host .*: dashsc"):
            draft(path)

    def test_a_journal_has_an_entry_in_each_line(self, tmp_path: Path) -> None:
        path = _journal(Simulator(), ["whole"], tmp_path)
        path.write_text(path.read_text("utf-8") + '\n{"number": 2}\n', "utf-8")
        with pytest.raises(
            UsageError, match=r"journal.jsonl, line 2: is no entry of a journal: .*`at`.*\.yaml"
        ):
            draft(path)

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"cannot read .*nope.jsonl"):
            draft(tmp_path / "nope.jsonl")
        with pytest.raises(CassetteError, match="cannot be read"):
            draft(tmp_path / "nope.yaml")


class TestPinnedFaults:
    @given(
        kinds=st.lists(
            st.lists(st.sampled_from(sorted(KINDS)), max_size=3, unique=True), max_size=7
        ),
        data=st.data(),
    )
    def test_each_meets_its_exchange_alone(
        self, kinds: list[list[str]], data: st.DataObject
    ) -> None:
        streams = [data.draw(st.booleans()) for _ in kinds]
        wanted: dict[int, list[dict[str, Any]]] = {
            at: [{"kind": kind} for kind in found] for at, found in enumerate(kinds)
        }
        alone = []
        for at, stream in enumerate(streams):  # what the faults of one exchange make of it
            queue = FaultQueue()
            for fault in wanted[at]:
                queue.add(Fault(**fault))
            met = queue.take(host=STANDARD, model=None, stream=stream)
            alone.append([fault.kind for fault in met])
        queue = FaultQueue()
        for fields in pinned(wanted, streams):
            queue.add(Fault(**fields))
        for stream, expected in zip(streams, alone, strict=True):
            met = queue.take(host=STANDARD, model=None, stream=stream)
            assert [fault.kind for fault in met] == expected
        assert queue.armed() == ()


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(
        ["on", "no", "1e5", "0x1", "1_000", "~", "=", "<<", "2026-05-18", "a\n", " a\n"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)


@given(data=PLAIN)
def test_what_is_written_is_read_as_the_same(data: Any) -> None:
    read = parse(written(data)).data
    assert read == data
    assert repr(read) == repr(data)  # 1 is no True, and no 1.0


_TEMPERATURE = {
    "error": {
        "message": "Temperature should be in [0.0, 2.0)",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_parameter_error",
    },
    "request_id": "1",
}


@pytest.fixture
def cassette(tmp_path: Path) -> Cassette:
    """Write a cassette as vcrpy does, with nothing taken out."""

    def write(*interactions: dict[str, Any]) -> Path:
        path = tmp_path / "cassette.yaml"
        document = {"version": 1, "interactions": [*interactions]}
        path.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
        return path

    return write


def _interaction(
    asked: Any = BODY,
    *,
    method: str = "POST",
    url: str = CHAT,
    headers: dict[str, str] | None = None,
    status: int = 200,
    body: Any = None,
    answer: str | None = None,
    kind: str = "application/json",
    moment: str | None = None,
    arrived: int | None = None,
) -> dict[str, Any]:
    """Return an exchange; `body` is the answer's JSON or text, `answer` its text."""
    content = answer if answer is not None else body
    told: dict[str, list[str]] = {"content-type": [kind]}
    if moment is not None:
        told["date"] = [moment]
    if arrived is not None:
        told["req-arrive-time"] = [str(arrived)]
    return {
        "request": {
            "method": method,
            "uri": url,
            "headers": {
                name: [value]
                for name, value in {
                    "user-agent": "me",
                    "authorization": f"Bearer {KEY}",
                    **(headers or {}),
                }.items()
            },
            "body": asked if isinstance(asked, str | None) else json.dumps(asked),
        },
        "response": {
            "status": {"code": status, "message": "Whatever"},
            "headers": told,
            "body": {"string": content if isinstance(content, str) else json.dumps(content)},
        },
    }


def _completion(
    text: str, *, model: str = "qwen-plus", finish: str = "stop", **message: Any
) -> dict[str, Any]:
    return {
        "choices": [
            {
                "message": {"role": "assistant", "content": text, **message},
                "finish_reason": finish,
                "index": 0,
            }
        ],
        "object": "chat.completion",
        "usage": {"prompt_tokens": 31, "completion_tokens": 7, "total_tokens": 38},
        "model": model,
    }


def _native(text: str, finish: str) -> str:
    output = {"text": text, "finish_reason": finish}
    usage = {"input_tokens": 5, "output_tokens": len(text.split()), "total_tokens": 8}
    data = json.dumps({"output": output, "usage": usage, "request_id": "1"})
    return f"id:1\nevent:result\n:HTTP_STATUS/200\ndata:{data}\n\n"


def _streamed(options: dict[str, Any]) -> str:
    client = httpx2.Client(transport=transport(Simulator(), httpx2))
    body = {**BODY, "stream": True, **options}
    return client.post(CHAT, json=body, headers={"authorization": f"Bearer {KEY}"}).text


def _keep(simulator: Simulator, path: Path) -> None:
    """Have the entries to come written to a file, as the commands do."""

    def write(entry: Entry) -> None:
        with closing(JournalFile(path)) as file:
            file(entry)

    simulator.journal.listen(write)


def _journal(simulator: Simulator, requests: list[str], folder: Path) -> Path:
    """Make requests, one after the other whatever comes of them, and return the journal file."""
    path = folder / "journal.jsonl"
    path.unlink(missing_ok=True)
    _keep(simulator, path)
    client = httpx2.Client(transport=transport(simulator, httpx2), timeout=60)
    task = "1f0c8e9a"
    for number, name in enumerate(requests):
        method, url, key, body, headers = _request(name, task)
        body = body and {**body, "seed": number} if name in ("whole", "stream") else body
        sent = {"authorization": f"Bearer {key}", **headers}
        try:
            answer = client.request(method, url, headers=sent, json=body)
        except httpx2.TransportError:
            continue
        if name == "video":
            task = answer.json()["output"]["task_id"]
    return path


def _request(name: str, task: str) -> tuple[str, str, str, Any, dict[str, str]]:
    api = f"https://{STANDARD}/api/v1"
    video = {"model": "wan2.6-t2v", "input": {"prompt": "A cat."}, "parameters": {"duration": 5}}
    order = f"{api}/services/aigc/video-generation/video-synthesis"
    known: dict[str, tuple[str, str, str, Any, dict[str, str]]] = {
        "whole": ("POST", CHAT, KEY, BODY, {}),
        "stream": ("POST", CHAT, KEY, {**BODY, "stream": True}, {}),
        "bad": ("POST", CHAT, KEY, {**BODY, "temperature": 9}, {}),
        "list": ("GET", f"https://{STANDARD}/compatible-mode/v1/models", KEY, None, {}),
        "nowhere": ("GET", f"https://{STANDARD}/v2/?a=b", KEY, None, {}),
        "key": ("POST", CHAT, PLAN_KEY, BODY, {}),
        "plan": ("POST", PLAN_CHAT, PLAN_KEY, {**BODY, "model": "qwen3.5-plus"}, {}),
        "task": ("GET", f"{api}/tasks/{task}", KEY, None, {}),
        "poll": ("GET", f"{api}/tasks/{task}", KEY, None, {}),
        "video": ("POST", order, KEY, video, {"x-dashscope-async": "enable"}),
    }
    return known[name]
