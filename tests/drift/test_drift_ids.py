"""Ids and moments of a recording: which of them are followed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qwensim.contract.drift.answers import Answer, read_answer
from qwensim.contract.drift.exchanges import Recorded
from qwensim.contract.drift.requests import Identities
from qwensim.exchange import Request


def _answer(body: Any) -> Answer:
    return read_answer(Recorded(status=200, body=json.dumps(body).encode()))


def test_ids_that_an_answer_gave_are_followed() -> None:
    identities = Identities()
    recorded = {"output": {"task_id": "recorded-task"}, "data": [{"id": "recorded-file"}], "n": 1}
    fake = {"data": [{"id": "file-of-the-fake"}], "output": {"task_id": "task-of-the-fake"}}
    identities.learn(_answer(recorded), _answer(fake))
    asked = Request(
        method="GET",
        host="dashscope.aliyuncs.com",
        path="/api/v1/tasks/recorded-task",
        query="after=recorded-file",
        body=b'{"file":"recorded-file"}',
    )
    followed = identities.follow(asked)
    assert followed.path == "/api/v1/tasks/task-of-the-fake"
    assert followed.query == "after=file-of-the-fake"
    assert followed.body == b'{"file":"file-of-the-fake"}'


def test_a_later_exchange_of_a_cassette_is_asked_with_the_id_of_the_fake(
    record: Any, chat: Any, write: Any, look: Any, tmp_path: Path
) -> None:
    identity = "chatcmpl-00000000-1111-2222-3333-444444444444"
    first = record(chat()).saying(lambda body: body.update(id=identity))
    second = record(chat(model=identity))
    alone = look(write(tmp_path / "x.yaml", second))
    after = look(write(tmp_path / "x.yaml", first, second))
    assert [finding.outcome for finding in (*alone, *after)] == ["same"] * 3


MOMENTS = ["99999999999999999999", "soon", "1777000000000"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_out_of_any_calendar_is_none(
    record: Any, chat: Any, find: Any, moment: str
) -> None:
    tape = record(chat())
    finding = find(replace(tape, headers={**tape.headers, "req-arrive-time": moment}))
    assert finding.outcome == "same"
    assert (finding.day is None) == (moment != MOMENTS[-1])
