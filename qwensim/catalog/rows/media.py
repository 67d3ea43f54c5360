"""Pictures, videos and sounds in messages: how they count, and what is too much."""

import msgspec

from qwensim.catalog.rows.base import Count, Row, Text


class VideoInputRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model looks at a video. Areas are in pixels, lengths in seconds."""

    frame_pixels: Count
    """The area to which a frame is shrunk unless the part says another."""
    frame_ceiling: Count
    """The most that the part may say."""
    total_pixels: Count
    """The area of all frames together; default and most."""
    max_frames: Count
    """The most frames that are looked at."""
    list_length: Count
    """The most frames in a list of pictures."""
    bytes: Count
    """The longest file, where it is not sent along."""
    shortest: float = 2.0
    longest: float


class MediaRow(Row, frozen=True, kw_only=True):
    """How one line of models counts pictures. Areas are in pixels."""

    id: Text
    patch: Count
    """The side of the square that makes one token."""
    min_pixels: Count
    """The area to which a picture is enlarged; default and least."""
    max_pixels: Count
    """The area to which it is shrunk unless the request says another."""
    ceiling: Count
    """The most that the request may say."""
    high_resolution: bool = True
    """Whether `vl_high_resolution_images` lifts `max_pixels` to the ceiling."""
    bytes: Count = 10_000_000
    """The longest file, where it is not sent along."""
    video: VideoInputRules | None = None
    """None where a model takes no videos."""
    audio_tokens: float = 12.5
    """Of a second of sound."""


class PictureRow(Row, frozen=True, kw_only=True):
    """A public picture whose size in pixels is known."""

    url: Text
    width: Count
    height: Count
