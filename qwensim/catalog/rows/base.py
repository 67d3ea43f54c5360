"""What every row has, and the types of fields that several tables share."""

import datetime as dt
from typing import Annotated, Literal, TypeAlias

import msgspec

Plan: TypeAlias = Literal["standard", "coding"]
Region: TypeAlias = Literal["china", "global"]
Confidence: TypeAlias = Literal["recorded", "official", "third-party", "assembled", "guess"]
Modality: TypeAlias = Literal["text", "image", "video", "audio", "file"]
Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Natural: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every row has: its provenance."""

    source: Text
    checked: dt.date
    confidence: Confidence
    since: dt.date | None = None
