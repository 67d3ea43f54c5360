"""Cassettes: vcrpy's recordings of HTTP, without their credentials and with their provenance."""

from qwensim.recording.audit import Finding, Report, audit
from qwensim.recording.cassettes import Record, use_cassette
from qwensim.recording.exchanges import ExchangeRecorder
from qwensim.recording.interactions import Cassette, Interaction
from qwensim.recording.provenance import Provenance
from qwensim.recording.reading import CassetteError, read
from qwensim.recording.replay import Pace, Player, Recorded, read_all
from qwensim.recording.writing import write

__all__ = [
    "Cassette",
    "CassetteError",
    "ExchangeRecorder",
    "Finding",
    "Interaction",
    "Pace",
    "Player",
    "Provenance",
    "Record",
    "Recorded",
    "Report",
    "audit",
    "read",
    "read_all",
    "use_cassette",
    "write",
]
