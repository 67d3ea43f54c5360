"""A small model of the service that knows nothing of the simulator's code.

It is written from the provider's page and the service's documentation: hosts, plans, keys, the
models of the plan, thinking, usage, the words of refusals, and how faults take their turns.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

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
