"""No credential that is on record is in a draft."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwensim.scenarios import Result
from qwensim.scenarios.drafting import Draft, draft
from qwensim.simulator import Simulator
from qwensim.transport import transport

STANDARD = "dashscope-intl.aliyuncs.com"

CHAT = f"https://{STANDARD}/compatible-mode/v1/chat/completions"

SECRET = "sk-4f8a1c0de9b27365d1e0aa77"
Cassette = Callable[..., Path]
BODY: dict[str, Any] = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": "Hello"}],
}


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

    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(places=st.lists(places, min_size=1, max_size=3))
    def test_no_credential_of_a_cassette_is_in_its_draft(
        self,
        places: list[dict[str, Any]],
        cassette: Cassette,
        interaction: Callable[..., dict[str, Any]],
        played: Callable[[Draft], Result],
    ) -> None:
        made = draft(cassette(*(interaction(**place) for place in places)))
        assert SECRET not in made.text
        played(made)

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(places=st.lists(places, min_size=1, max_size=3))
    def test_no_credential_of_a_journal_is_in_its_draft(
        self,
        places: list[dict[str, Any]],
        tmp_path: Path,
        played: Callable[[Draft], Result],
        keep: Callable[[Simulator, Path], None],
    ) -> None:
        simulator = Simulator()
        path = tmp_path / "journal.jsonl"
        path.unlink(missing_ok=True)
        keep(simulator, path)
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
