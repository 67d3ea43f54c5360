"""Where a cassette's answers come from, so that nothing simulated passes for the real service."""

import datetime as dt
from typing import Literal

import msgspec

Kind = Literal["live", "published", "simulated", "unknown"]


class Provenance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Says who answered whom, and when; kept in the cassette's `metadata`."""

    kind: Kind = "unknown"
    """`live`: the real service. `published`: taken over from somebody else's recording.
    `simulated`: a fake. `unknown`: the cassette does not say."""
    date: dt.date | None = None
    """The day of the recording; of a simulated one, the day of the service that is modelled."""
    client: str = ""
    """Name and version of the program that asked."""
    host: str = ""
    """The host that answered, or several with commas between them."""
    source: str = ""
    """Where a published recording stands."""

    @property
    def summary(self) -> str:
        """One line for a reader of the file."""
        match self.kind:
            case "live":
                told = f"Recorded from the live service on {self.date}."
            case "published":
                told = f"Published at {self.source}."
            case "simulated":
                told = f"Simulated by {self.client}: nothing here came from the service itself."
            case "unknown":
                told = "Of unknown origin: do not take it for the service's own words."
        return told
