"""What is no recording is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwensim.errors import UsageError
from qwensim.recording import CassetteError
from qwensim.scenarios.drafting import draft
from qwensim.simulator import Simulator

Cassette = Callable[..., Path]


class TestMistakes:
    def test_there_must_be_a_request_to_the_service(
        self, cassette: Cassette, interaction: Callable[..., dict[str, Any]]
    ) -> None:
        path = cassette(interaction(url="https://api.example.com/v1/chat/completions"))
        with pytest.raises(UsageError, match=r"cassette.yaml has no request to a host .*: dashsc"):
            draft(path)

    def test_a_journal_has_an_entry_in_each_line(
        self, tmp_path: Path, journal: Callable[[Simulator, list[str], Path], Path]
    ) -> None:
        path = journal(Simulator(), ["whole"], tmp_path)
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
