"""Random calls on random hosts, against a small model of the service that knows none of its code.

The model is written from the provider's page and the service's documentation: hosts, plans, keys,
the models of the plan, thinking, usage, the words of refusals. One fake stands behind three doors:
in process for httpx2 and for httpx, and behind a socket. Whichever a call takes, the model must
have foretold what comes.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import httpx2
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

from qwensim.contract.session import Rerouted
from qwensim.exchange import Event, Request
from qwensim.server import Server, serve
from qwensim.simulator import Fault, Simulator, VirtualClock
from qwensim.transport import transport

HOSTS = {
    "dashscope.aliyuncs.com": ("standard", "china", "/compatible-mode/v1"),
    "dashscope-intl.aliyuncs.com": ("standard", "global", "/compatible-mode/v1"),
    "coding.dashscope.aliyuncs.com": ("coding", "china", "/v1"),
    "coding-intl.dashscope.aliyuncs.com": ("coding", "global", "/v1"),
}
THINKING = {
    "qwen3.5-plus": "on",
    "qwen3.6-plus": "on",
    "qwen3-max-2026-01-23": "off",
    "qwen3-coder-plus": "never",
    "MiniMax-M2.5": "only",
    "gpt-4o": "",
}
"""Whether a model thinks by default, is able to, or nothing else; the last one nobody has."""

SERVED = {
    "dashscope.aliyuncs.com": set(THINKING) - {"gpt-4o"},
    "dashscope-intl.aliyuncs.com": set(THINKING) - {"gpt-4o", "MiniMax-M2.5"},
    "coding.dashscope.aliyuncs.com": set(THINKING) - {"gpt-4o", "qwen3.6-plus"},
    "coding-intl.dashscope.aliyuncs.com": set(THINKING) - {"gpt-4o", "qwen3.6-plus"},
}
KEYS = {
    "standard": ("sk-alpha-0001", "sk-alpha-0002"),
    "coding": ("sk-sp-alpha-0001", "sk-sp-alpha-0002"),
}
HELP = {
    "china": "https://help.aliyun.com/zh/model-studio/error-code",
    "global": "https://www.alibabacloud.com/help/en/model-studio/error-code",
}
UNAVAILABLE = "Model is unavailable, please try again later."
BROKEN_OFF = "Output data may contain inappropriate content."
PATIENCE = 5.0
DELAY = 0.001
QUESTIONS = ("What is a lemon?", "Where is Hangzhou?", "Why?")

LINE_FAULTS = ("connect-error", "drop-before-headers", "timeout")
MID_FAULTS = ("drop", "error-event")
"""A whole answer is one piece, and has no events in which one could tell of an error."""

SETTLING = ("error", *LINE_FAULTS, *MID_FAULTS)
"""Of these one meets a call; the others have their turn later."""

STREAM_FAULTS = ("error-event", "missing-usage", "missing-done")
"""These wait for a stream."""


@dataclass
class ArmedFault:
    kind: str
    host: str | None
    model: str | None
    after: int
    times: int | None
    every: int
    matched: int = 0
    met: int = 0


def due(fault: ArmedFault) -> bool:
    """Count a call that a fault is for, and tell whether it meets it."""
    fault.matched += 1
    meets = fault.matched % fault.every == 0
    fault.met += meets
    return meets


@dataclass
class SetScript:
    text: str
    last_user: str | None
    model: str | None
    times: int | None
    used: int = 0


@dataclass(kw_only=True)
class Foretold:
    """What a call comes to: no answer at all, or a status and what is in the body."""

    faults: tuple[str, ...] = ()
    after: int = 0
    status: int = 200
    words: str = ""
    text: str | None = None
    reasoning: bool = False
    scripted: bool = False


@dataclass
class Seen:
    """What came."""

    status: int | None = None
    body: bytes = b""
    error: bool = False


@dataclass
class Model:
    """The service, as the page and the documentation tell of it."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[ArmedFault] = field(default_factory=list)
    scripts: list[SetScript] = field(default_factory=list)
    now: float = 0.0

    def foretell(self, host: str, key: str | None, body: dict[str, Any]) -> Foretold:
        faults = self._faults(host, body["model"], stream=body["stream"])
        kinds = tuple(fault.kind for fault in faults)
        if set(kinds) & set(LINE_FAULTS):
            return Foretold(faults=kinds)
        if "error" in kinds:
            return Foretold(faults=kinds, status=503, words=UNAVAILABLE)
        told = self._judged(host, key, body)
        told.faults = kinds
        told.after = next((fault.after for fault in faults if fault.kind in MID_FAULTS), 0)
        return told

    def _faults(self, host: str, model: str, *, stream: bool) -> list[ArmedFault]:
        possible = [
            fault
            for fault in self.faults
            if fault.host in (None, host)
            and fault.model in (None, model)
            and (stream or fault.kind not in STREAM_FAULTS)
        ]
        settling = next((one for one in possible if one.kind in SETTLING and due(one)), None)
        answered = settling is None or settling.kind in MID_FAULTS
        met = [
            one
            for one in possible
            if one is settling
            or (one.kind not in SETTLING and (answered or one.kind == "delay") and due(one))
        ]
        self.faults = [fault for fault in self.faults if fault.met != fault.times]
        return met

    def _judged(self, host: str, key: str | None, body: dict[str, Any]) -> Foretold:
        refusal = next(self._refusals(host, key, body), None)
        if refusal is not None:
            return refusal
        flag, habit = body.get("enable_thinking"), THINKING[body["model"]]
        thinks = habit == "on" if flag is None else flag
        script = self._script(body["model"], body["messages"][0]["content"])
        return Foretold(
            text=script.text if script else None,
            reasoning=habit == "only" or (habit != "never" and thinks),
            scripted=script is not None,
        )

    def _refusals(self, host: str, key: str | None, body: dict[str, Any]) -> Iterator[Foretold]:
        """Yield what is wrong with a call, the first that is looked at first."""
        plan, region, _ = HOSTS[host]
        if key is None and plan == "standard":
            yield Foretold(status=401, words="You didn't provide an API key.")
        account = self._account(key, plan, region)
        if account is None:
            told = f"Incorrect API key provided. For details, see: {HELP[region]}#apikey-error"
            plan_told = "invalid access token or token expired"
            yield Foretold(status=401, words=told if plan == "standard" else plan_told)
            return
        model = body["model"]
        if model not in SERVED[host] | set(account.get("models", ())):
            if plan == "coding":
                yield Foretold(status=400, words=f"model `{model}` is not supported.")
            told = f"The model `{model}` does not exist or you do not have access to it."
            yield Foretold(status=404, words=told)
        if account.get("state") == "overdue":
            told = "Access denied, please make sure your account is in good standing."
            yield Foretold(status=400, words=told)
        if model in account.get("denied", ()):
            yield Foretold(status=403, words="Access to model denied.")
        if THINKING[model] == "only" and body.get("enable_thinking") is False:
            told = "The value of the enable_thinking parameter is restricted to True."
            yield Foretold(status=400, words=told)
        if account.get("spent") is not None:
            yield Foretold(status=429, words=f"{account['spent']} allocated quota exceeded.")

    def _account(self, key: str | None, plan: str, region: str) -> dict[str, Any] | None:
        if key is None or key not in KEYS[plan]:
            return None
        if not self.accounts:
            return {}
        account = self.accounts.get(key)
        if account is None or account["region"] not in (None, region):
            return None
        return None if account["state"] == "revoked" else account

    def _script(self, model: str, said: str) -> SetScript | None:
        for script in self.scripts:
            if script.model not in (None, model) or (script.last_user or "") not in said:
                continue
            script.used += 1
            if script.used == script.times:
                self.scripts.remove(script)
            return script
        return None


class Doorway:
    """Stands before the fake of the moment, so that one server serves them all."""

    def __init__(self) -> None:
        self.inside = Simulator()

    @property
    def catalog(self) -> Any:
        return self.inside.catalog

    @property
    def clock(self) -> Any:
        return self.inside.clock

    def handle(self, request: Request) -> Iterator[Event]:
        return self.inside.handle(request)


Door = Callable[[Simulator, str, dict[str, str], bytes], Seen]


def call_with(library: Any, carrier: Any, url: str, headers: dict[str, str], body: bytes) -> Seen:
    """Send a request with a library and read as much of the answer as comes."""
    seen = Seen()
    with library.Client(transport=carrier, timeout=PATIENCE) as client:
        try:
            with client.stream("POST", url, headers=headers, content=body) as response:
                seen.status = response.status_code
                for piece in response.iter_raw():
                    seen.body += piece
        except library.TransportError:
            seen.error = True
    return seen


@contextmanager
def doors() -> Iterator[dict[str, Door]]:
    """Give the three ways in."""
    doorway = Doorway()
    with serve(cast("Simulator", doorway)) as server:

        def in_process(library: Any) -> Door:
            return lambda simulator, *request: call_with(
                library, transport(simulator, library), *request
            )

        def over_socket(simulator: Simulator, *request: Any) -> Seen:
            doorway.inside = simulator
            plain = httpx2.HTTPTransport(verify=False)  # there is no TLS to be verified
            return call_with(httpx2, Rerouted(plain, routes(server)), *request)

        yield {
            "httpx2": in_process(httpx2),
            "httpx": in_process(httpx),
            "served": over_socket,
        }


def routes(server: Server) -> dict[str, str]:
    return {f"https://{host}{base}": server.base_urls[host] for host, (_, _, base) in HOSTS.items()}


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

    ways: dict[str, Door]

    @initialize(seed=st.integers(0, 3))
    def begin(self, seed: int) -> None:
        self.fake = Simulator(seed=seed, clock=VirtualClock())
        self.model = Model(now=self.fake.clock.now())
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
        self.model.scripts.append(SetScript(**script))
        self.call(calls)

    @rule(fault=FAULTS, calls=CALLS)
    def call_with_fault(self, fault: dict[str, Any], calls: list[dict[str, Any]]) -> None:
        error = {"error": "unavailable", "error-event": "moderation-output"}.get(fault["kind"])
        self.fake.fault(Fault(error=error, seconds=DELAY, **fault))
        self.model.faults.append(ArmedFault(**fault))
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
            self.model.now += PATIENCE - delayed
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        url = f"https://{host}{base}/chat/completions"
        seen = self.ways[way](self.fake, url, headers, json.dumps(body).encode())
        self.calls += 1
        self.compare(told, seen, stream=options["stream"], usage=options["usage"], came=came)

    def compare(
        self, told: Foretold, seen: Seen, *, stream: bool, usage: bool, came: float
    ) -> None:
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

    def compare_broken(self, told: Foretold, seen: Seen) -> None:
        assert seen.error == ("drop" in told.faults)
        if "error-event" in told.faults:
            assert BROKEN_OFF in chunk_of(seen.body.split(b"\n\n")[-2])["error"]["message"]
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
    with doors() as ways:
        run_state_machine_as_test(
            type("Contract", (Contract,), {"ways": ways}),
            settings=settings(max_examples=80, stateful_step_count=20),
        )
