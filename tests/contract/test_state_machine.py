"""Random calls on random hosts, against the model of the service in `service_model.py`.

One fake stands behind three doors: in process for httpx2 and for httpx, and behind a socket.
Whichever a call takes, the model must have foretold what comes.
"""

import json
import runpy
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from qwensim.simulator import Fault, Simulator, VirtualClock

HERE = Path(__file__)
MODEL = runpy.run_path(str(HERE.with_name("service_model.py")))
DOORS = runpy.run_path(str(HERE.with_name("doors.py")))
HOSTS, KEYS, THINKING = MODEL["HOSTS"], MODEL["KEYS"], MODEL["THINKING"]
LINE_FAULTS, MID_FAULTS = MODEL["LINE_FAULTS"], MODEL["MID_FAULTS"]

DELAY = 0.001
QUESTIONS = ("What is a lemon?", "Where is Hangzhou?", "Why?")


ACCOUNTS = st.fixed_dictionaries(
    {
        "plan": st.sampled_from([*KEYS]),
        "which": st.integers(0, 1),
        "region": st.sampled_from([None, "china", "global"]),
        "state": st.sampled_from(["good", "good", "good", "overdue", "revoked"]),
        "models": st.sampled_from([(), ("qwen3.6-plus",)]),
        "denied": st.sampled_from([(), (), ("qwen3.5-plus",)]),
        "spent": st.sampled_from([None, None, "hour", "month"]),
    }
)
SCRIPTS = st.fixed_dictionaries(
    {
        "text": st.sampled_from(["A yellow fruit.", "在浙江。", "Because of the weather today."]),
        "last_user": st.sampled_from([None, None, "lemon", "Hangzhou"]),
        "model": st.sampled_from([None, None, "qwen3.5-plus", "qwen3-coder-plus"]),
        "times": st.sampled_from([1, 1, 2, None]),
    }
)
FAULTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ["error", "delay", *LINE_FAULTS, *MID_FAULTS, "missing-usage", "missing-done"]
        ),
        "host": st.sampled_from([None, None, *HOSTS]),
        "model": st.sampled_from([None, None, "qwen3.5-plus"]),
        "after": st.integers(0, 1),
        "times": st.sampled_from([1, 1, 2, None]),
        "every": st.sampled_from([1, 1, 2, 3]),
    }
)
CALLS = st.lists(
    st.fixed_dictionaries(
        {
            "way": st.sampled_from(["httpx2", "httpx", "served"]),
            "host": st.sampled_from([*HOSTS]),
            "key": st.sampled_from(
                ["fitting"] * 8 + [None, "nonsense", *KEYS["standard"], *KEYS["coding"]]
            ),
            "model": st.sampled_from(["qwen3.5-plus", "qwen3-coder-plus", *THINKING]),
            "said": st.sampled_from(QUESTIONS),
            "flag": st.sampled_from([None, True, False]),
            "stream": st.booleans(),
            "usage": st.booleans(),
        }
    ),
    min_size=1,
    max_size=4,
)


class Contract(RuleBasedStateMachine):
    """Talks to a fake and to the model of it, and compares."""

    ways: dict[str, Any]

    @initialize(seed=st.integers(0, 3))
    def begin(self, seed: int) -> None:
        self.fake = Simulator(seed=seed, clock=VirtualClock())
        self.model = MODEL["Model"](now=self.fake.clock.now())
        self.calls = 0

    @rule(account=ACCOUNTS, calls=CALLS)
    def call_with_account(self, account: dict[str, Any], calls: list[dict[str, Any]]) -> None:
        fields = dict(account)
        plan, which = fields.pop("plan"), fields.pop("which")
        if plan == "standard":
            fields["spent"] = None
        key = KEYS[plan][which]
        self.fake.account(key=key, plan=plan, **fields)
        self.model.accounts[key] = fields
        self.call(calls)

    @rule(script=SCRIPTS, calls=CALLS)
    def call_with_script(self, script: dict[str, Any], calls: list[dict[str, Any]]) -> None:
        self.fake.script(**script)
        self.model.scripts.append(MODEL["SetScript"](**script))
        self.call(calls)

    @rule(fault=FAULTS, calls=CALLS)
    def call_with_fault(self, fault: dict[str, Any], calls: list[dict[str, Any]]) -> None:
        error = {"error": "unavailable", "error-event": "moderation-output"}.get(fault["kind"])
        self.fake.fault(Fault(error=error, seconds=DELAY, **fault))
        self.model.faults.append(MODEL["ArmedFault"](**fault))
        self.call(calls)

    @rule(seconds=st.floats(0, 3600, allow_nan=False), calls=CALLS)
    def call_later(self, seconds: float, calls: list[dict[str, Any]]) -> None:
        cast("VirtualClock", self.fake.clock).advance(seconds)
        self.model.now += seconds
        self.call(calls)

    @precondition(lambda self: self.calls > 20)
    @rule()
    def forget(self) -> None:
        self.fake.reset()
        self.model.faults.clear()
        self.model.scripts.clear()
        self.calls = 0

    def call(self, calls: list[dict[str, Any]]) -> None:
        for call in calls:
            self.call_once(**call)

    def call_once(
        self, way: str, host: str, key: str | None, model: str, said: str, **options: Any
    ) -> None:
        plan, _, base = HOSTS[host]
        if key == "fitting":
            known = (key for key in KEYS[plan] if key in self.model.accounts)
            key = next(known, KEYS[plan][0])
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": "user", "content": said}],
            "stream": options["stream"],
            "stream_options": {"include_usage": options["usage"]},
        }
        if options["flag"] is not None:
            body["enable_thinking"] = options["flag"]
        came = self.model.now
        told = self.model.foretell(host, key, body)
        delayed = DELAY * told.faults.count("delay")
        self.model.now += delayed
        if "timeout" in told.faults:
            way = "httpx2" if way == "served" else way  # a socket would have to be waited for
            self.model.now += DOORS["PATIENCE"] - delayed
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        url = f"https://{host}{base}/chat/completions"
        seen = self.ways[way](self.fake, url, headers, json.dumps(body).encode())
        self.calls += 1
        self.compare(told, seen, stream=options["stream"], usage=options["usage"], came=came)

    def compare(self, told: Any, seen: Any, *, stream: bool, usage: bool, came: float) -> None:
        if set(told.faults) & set(LINE_FAULTS):
            assert (seen.status, seen.body, seen.error) == (None, b"", True)
            return
        assert seen.status == told.status
        streams = stream and told.status == 200
        broken = next((kind for kind in told.faults if kind in MID_FAULTS), None)
        if broken is not None and (streams or (broken, told.after) == ("drop", 0)):
            self.compare_broken(told, seen)
            return
        assert not seen.error
        entry = self.fake.journal[-1]
        assert entry.scripted == told.scripted
        if told.status != 200:
            assert told.words in seen.body.decode()
            assert entry.message is not None
            assert told.words in entry.message
            return
        assert entry.at == pytest.approx(came)
        if streams:
            done = b"data: [DONE]\n\n"
            assert seen.body.endswith(done) == ("missing-done" not in told.faults)
            chunks = chunks_of(seen.body)
            content, reasoning = joined(chunks, "content"), joined(chunks, "reasoning_content")
            counts = [chunk["usage"] for chunk in chunks if chunk["usage"]]
            assert len(counts) == (usage and "missing-usage" not in told.faults)
        else:
            answer = json.loads(seen.body)
            message = answer["choices"][0]["message"]
            content, reasoning = message["content"], message.get("reasoning_content") or ""
            counts = [answer["usage"]]
        assert content if told.text is None else content == told.text
        assert bool(reasoning) == told.reasoning
        for count in counts:
            parts = count["prompt_tokens"] + count["completion_tokens"]
            assert count["total_tokens"] == parts

    def compare_broken(self, told: Any, seen: Any) -> None:
        assert seen.error == ("drop" in told.faults)
        if "error-event" in told.faults:
            assert MODEL["BROKEN_OFF"] in chunk_of(seen.body.split(b"\n\n")[-2])["error"]["message"]
        frames = seen.body.count(b"\n\n")
        assert frames == told.after + ("error-event" in told.faults)

    @invariant()
    def time_is_what_has_passed(self) -> None:
        assert self.fake.clock.now() == pytest.approx(self.model.now)

    @invariant()
    def every_call_is_in_the_journal(self) -> None:
        assert len(self.fake.journal) == self.calls

    @invariant()
    def scripts_are_used_up_one_by_one(self) -> None:
        left = [script.text for script in self.model.scripts if script.times or not script.used]
        assert [script.text for script in self.fake.unused_scripts] == left

    @invariant()
    def keys_are_kept_to_themselves(self) -> None:
        for entry in self.fake.journal:
            assert "alpha" not in repr(entry)


def chunks_of(body: bytes) -> list[dict[str, Any]]:
    frames = [frame for frame in body.split(b"\n\n") if frame and frame != b"data: [DONE]"]
    return [chunk_of(frame) for frame in frames]


def chunk_of(frame: bytes) -> dict[str, Any]:
    chunk: dict[str, Any] = json.loads(frame.removeprefix(b"data: "))
    return chunk


def joined(chunks: list[dict[str, Any]], key: str) -> str:
    deltas = (choice["delta"] for chunk in chunks for choice in chunk["choices"])
    return "".join(delta.get(key) or "" for delta in deltas)


def test_every_door_leads_to_what_the_page_foretells() -> None:
    with DOORS["doors"]() as ways:
        run_state_machine_as_test(
            type("Contract", (Contract,), {"ways": ways}),
            settings=settings(max_examples=80, stateful_step_count=20),
        )
