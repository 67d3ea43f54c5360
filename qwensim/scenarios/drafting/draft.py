"""Makes a draft: plays what is on record, and mends the service where it answers differently."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from qwensim.catalog import PAGE_DATE, Catalog, load
from qwensim.errors import UsageError
from qwensim.recording import read as read_cassette
from qwensim.scenarios.calls import filled
from qwensim.scenarios.document import written
from qwensim.scenarios.drafting.calls import Grouped, grouped, http
from qwensim.scenarios.drafting.facts import facts, nested
from qwensim.scenarios.drafting.faults import Fields, pinned
from qwensim.scenarios.drafting.record import Record, records_of, told_in
from qwensim.scenarios.drafting.refusals import Rows
from qwensim.scenarios.outcome import Outcome
from qwensim.scenarios.playing import play
from qwensim.scenarios.reading import Source, scenario_of
from qwensim.scenarios.seen import findings
