"""Models that make videos: how they are asked, and what they tell of their work."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from qwensim.catalog.rows.base import Count, Modality, Natural, Row, Text

VideoUsage: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^((input_video_|output_video_|video_)?duration(:decimal)?"
        r"|size|video_ratio|video_count|SR|ratio|audio)$"
    ),
]
"""A key of a usage object; `:decimal` where a whole number of seconds is written as 5.0."""


class VideoRow(Row, frozen=True, kw_only=True):
    """What one video model takes, and what its tasks tell. Durations are in seconds.

    The service judges nothing of this when a task is submitted: a task that asks for what the model
    does not take fails soon after, with one of the errors named here.
    """

    id: Text
    """A model: the id of its `ModelRow`."""
    route: Text = "video-synthesis"
    """The route that its tasks are submitted on."""
    prompt: bool = True
    """Whether there must be a prompt."""
    prompt_error: Text = "task-failed-prompt"
    takes: dict[str, tuple[Modality, ...]] = msgspec.field(default_factory=dict)
    """The fields of `input` that hold addresses, and what these may lead to."""
    needs: tuple[tuple[Text, ...], ...] = ()
    """Of each group one of its fields must be there."""
    needs_error: Text = "task-failed-field"
    media: tuple[Text, ...] = ()
    """The types that an item of `input.media` may have."""
    shortest_side: Natural = 0
    """Of a picture, in pixels."""
    most_references: Count = 1
    """The longest list of addresses, or of media of the types `reference_*`."""
    geometry: Literal["size", "resolution"]
    """The parameter that says how large the video is to be."""
    ratio: bool = False
    """Whether `ratio` is a parameter beside `resolution`; else the shape follows the picture."""
    resolutions: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    """The rows of `VideoSizeRow` that are allowed: with the parameter `size`, all their sizes."""
    resolution: Text
    """The default; of its sizes, the one for 16:9."""
    durations: Annotated[tuple[Count, ...], msgspec.Meta(min_length=1)]
    duration: Count
    """The default."""
    longest_with_video: Count | None = None
    """The longest duration where a video is among the references, if it is a shorter one."""
    duration_error: Text = "task-failed-choice"
    choices: dict[str, tuple[Text, ...]] = msgspec.field(default_factory=dict)
    """Other parameters and the texts that they may be."""
    choice_error: Text = "task-failed-choice"
    audio: bool = False
    """Whether `audio` is a parameter, which is true by default."""
    actual_prompt: bool = False
    """The result tells how the prompt was rewritten, unless `prompt_extend` is false."""
    running: Count
    """The tasks of one key that run at the same time; those beyond wait."""
    usage: tuple[VideoUsage, ...]
    """The keys of the usage object, in wire order."""


class VideoSizeRow(Row, frozen=True, kw_only=True):
    """The sizes of one resolution, in pixels, `WIDTH*HEIGHT`."""

    id: Text
    side: Count
    """What `SR` in the usage tells."""
    sizes: dict[str, Annotated[str, msgspec.Meta(pattern=r"^[1-9]\d*\*[1-9]\d*$")]]
    """By ratio."""
