"""A draft from a journal reproduces what is on record."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwensim.contract import Fake, cases, run
from qwensim.scenarios import Result, Scenario
from qwensim.scenarios.drafting import Draft, draft
from qwensim.simulator import Fault, Simulator
from qwensim.simulator.faults import KINDS
from qwensim.transport import transport

STANDARD = "dashscope-intl.aliyuncs.com"
CODING = "coding-intl.dashscope.aliyuncs.com"
CHAT = f"https://{STANDARD}/compatible-mode/v1/chat/completions"

KEY = "sk-not-a-real-key"
PLAN_KEY = "sk-sp-not-a-real-key"

BODY: dict[str, Any] = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": "Hello"}],
}


class Journaled(Fake):
    """The contract's fake, which keeps a journal file."""

    def __init__(self, path: Path, keep: Callable[[Simulator, Path], None]) -> None:
        super().__init__()
        self._path, self._keep = path, keep

    def _way(self, simulator: Simulator) -> httpx2.BaseTransport:
        self._keep(simulator, self._path)
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
    def test_a_case_of_the_contract_is_seen_again(
        self,
        case: Any,
        tmp_path: Path,
        played: Callable[[Draft], Result],
        keep: Callable[[Simulator, Path], None],
    ) -> None:
        path = tmp_path / "journal.jsonl"
        host = STANDARD if "standard" in case.plans else CODING
        run(case, host, Journaled(path, keep))
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
        self,
        faults: list[dict[str, Any]],
        requests: list[str],
        tmp_path: Path,
        played: Callable[[Draft], Result],
        journal: Callable[[Simulator, list[str], Path], Path],
    ) -> None:
        simulator = Simulator()
        for fault in faults:
            if fault["kind"] in ("error", "error-event"):
                fault["error"] = "rate-limit"
            simulator.fault(Fault(**fault))
        path = journal(simulator, requests, tmp_path)
        result = played(draft(path))
        was = [(entry.status, entry.error) for entry in simulator.journal]
        assert [(entry.status, entry.error) for entry in result.played.entries] == was

    def test_accounts_are_deduced(
        self,
        tmp_path: Path,
        played: Callable[[Draft], Result],
        drafted: Callable[[Draft], Scenario],
        journal: Callable[[Simulator, list[str], Path], Path],
    ) -> None:
        simulator = Simulator()
        simulator.account(key=KEY, state="overdue")
        simulator.account(key=PLAN_KEY, plan="coding", spent="week")
        path = journal(simulator, ["whole", "plan", "stream", "key"], tmp_path)
        made = draft(path)
        played(made)
        accounts = {account.key: account for account in drafted(made).accounts}
        assert accounts["overdue"].state == "overdue"
        assert accounts["week-spent"].spent == "week"
        assert accounts["refused"].state == "revoked"
        assert "faults" not in made.text

    def test_polls_become_one_call(
        self,
        tmp_path: Path,
        played: Callable[[Draft], Result],
        drafted: Callable[[Draft], Scenario],
        journal: Callable[[Simulator, list[str], Path], Path],
    ) -> None:
        made = draft(journal(Simulator(), ["task"] * 20, tmp_path))
        (call,) = drafted(made).calls
        assert call.repeat == 20
        assert len(played(made).played.entries) == 20

    def test_a_retry_after_is_sent_again(
        self,
        tmp_path: Path,
        played: Callable[[Draft], Result],
        journal: Callable[[Simulator, list[str], Path], Path],
    ) -> None:
        simulator = Simulator()
        simulator.fault("error", error="rate-limit", headers={"retry-after": "7"})
        result = played(draft(journal(simulator, ["whole"], tmp_path)))
        (exchange,) = result.played.outcomes[0].exchanges
        assert dict(exchange.response_headers)["retry-after"] == "7"

    def test_a_video_is_asked_for_by_the_id_that_it_has_now(
        self,
        tmp_path: Path,
        played: Callable[[Draft], Result],
        journal: Callable[[Simulator, list[str], Path], Path],
    ) -> None:
        path = journal(Simulator(seed=7), ["video", "poll", "poll"], tmp_path)
        result = played(draft(path))
        assert result.played.entries[-1].task == "SUCCEEDED"

    def test_what_was_turned_away_is_no_request(
        self, tmp_path: Path, keep: Callable[[Simulator, Path], None]
    ) -> None:
        simulator = Simulator()
        path = tmp_path / "journal.jsonl"
        keep(simulator, path)
        client = httpx2.Client(transport=transport(simulator, httpx2))
        client.post(CHAT, json=BODY)
        first = path.read_text("utf-8")
        away = {**json.loads(first), "host": "api.example.com", "error": "kept-away", "status": 403}
        path.write_text(first + json.dumps(away), "utf-8")
        assert draft(path).requests == 1
