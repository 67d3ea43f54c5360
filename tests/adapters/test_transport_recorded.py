"""vcrpy over the in-process transport: it records, and it replays without the service."""

from pathlib import Path
from typing import Any

import pytest
import vcr
from vcr.errors import (
    CannotOverwriteExistingCassetteException,
)

from qwensim.exchange import Abort, Chunk, End, Head
from qwensim.transport import transport

HEAD = Head(status=200, headers=(("content-type", "text/event-stream"),))


def test_an_answer_is_recorded_and_replayed(scripted: Any, call: Any, tmp_path: Path) -> None:
    service = scripted(HEAD, Chunk(data=b"data: 1\n\n"), Chunk(data=b"data: 2\n\n"), End())
    cassette = str(tmp_path / "cassette.yaml")
    with vcr.use_cassette(cassette, record_mode="once"):
        recorded = call(transport(service, call.library), content=b"{}")
    assert recorded.body == b"data: 1\n\ndata: 2\n\n"

    with vcr.use_cassette(cassette, record_mode="none") as played:
        replayed = call(transport(service, call.library), content=b"{}")
        assert played.all_played
    assert (replayed.status, replayed.headers, replayed.body) == (
        recorded.status,
        recorded.headers,
        recorded.body,
    )
    assert len(service.requests) == 1


def test_a_broken_answer_breaks_the_recording_and_leaves_none(
    scripted: Any, call: Any, tmp_path: Path
) -> None:
    service = scripted(HEAD, Chunk(data=b"data: 1\n\n"), Abort())
    with vcr.use_cassette(str(tmp_path / "cassette.yaml"), record_mode="once") as cassette:
        outcome = call(transport(service, call.library))
    assert isinstance(outcome.error, call.library.RemoteProtocolError)
    assert len(cassette) == 0
    assert service.wait_for_end()


def test_a_request_that_is_not_on_the_cassette_does_not_reach_the_service(
    scripted: Any, call: Any, tmp_path: Path
) -> None:
    service = scripted(HEAD, End())
    with (
        vcr.use_cassette(str(tmp_path / "empty.yaml"), record_mode="none"),
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        call(transport(service, call.library))
    assert not service.requests
