"""Models that make images: how they are asked, what they take, and what they tell."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from qwensim.catalog.rows.base import Count, Natural, Row, Text

Pixels: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[1-9]\d{0,4}\*[1-9]\d{0,4}$")]
"""A size, `WIDTH*HEIGHT`."""

ImageItem: TypeAlias = Literal["image", "type", "orig_prompt", "actual_prompt", "url"]
ImageUsage: TypeAlias = Literal[
    "height",
    "image_count",
    "input_tokens",
    "output_tokens",
    "output_tokens_details",
    "size",
    "total_tokens",
    "width",
]


class ImageProtocolRow(Row, frozen=True, kw_only=True):
    """How images are asked for, and how they are told."""

    id: Text
    asks: Literal["messages", "prompt"]
    """What `input` holds. Who asks in messages is told `choices`, who gives a prompt `results`."""
    item: tuple[ImageItem, ...]
    """The keys of one image, in wire order; `actual_prompt` only if the prompt was rewritten."""
    message: tuple[Literal["content", "reasoning_content", "role"], ...] = ("content", "role")
    """The keys of a message, in wire order. With `reasoning_content` the prompt is told too."""
    each: bool = False
    """Each image has a choice of its own; else one choice has them all."""
    finished: Literal["absent", "first", "last"] = "absent"
    """Where `finished` stands in `output`."""
    metrics: bool = False
    """How many images came out is told: of a task from its beginning."""
    usage: tuple[ImageUsage, ...]
    """The keys of the usage object, in wire order; `output_tokens_details` only if the prompt was
    rewritten."""


class ImageRow(Row, frozen=True, kw_only=True):
    """What one image model takes. Lengths are in characters, sides and areas in pixels.

    On a path that answers at once a request that is wrong is refused, with the errors named here; a
    task fails with their code and message.
    """

    id: Text
    """A model: the id of its `ModelRow`."""
    protocols: Annotated[dict[Text, Text], msgspec.Meta(min_length=1)]
    """The routes on which it is asked, and the `ImageProtocolRow` that is spoken there."""
    prompt: Count
    """What is longer is cut."""
    needs: tuple[Text, ...] = ()
    """The fields of `input` that must be there besides the prompt."""
    pictures: Natural = 0
    """The most pictures that are taken."""
    needs_picture: bool = False
    """A message must have one."""
    pictures_in: Text | None = None
    """The field of `input` in which they stand beside a prompt."""
    size: Pixels
    """The default; where a picture is given, what is made has its shape and about this area."""
    sizes: tuple[Pixels, ...] = ()
    """All that may be asked for, if they are few; else what follows says which."""
    named: dict[Text, Pixels] = msgspec.field(default_factory=dict)
    """Sizes that may be asked for by name; where a picture is given they have its shape."""
    sides: tuple[Count, Count] | None = None
    area: tuple[Count, Count] | None = None
    ratio: Count | None = None
    """The longer side by the shorter one, at most."""
    multiple: Count = 1
    """Sides are brought to the nearest multiple."""
    size_fixed: bool = False
    """Whatever size is asked for is ignored."""
    size_error: Text = "native-image-size"
    images: Count
    """The default of `n`."""
    most_images: Count
    count_error: Text = "native-image-count"
    rewrites: bool = True
    """Whether the prompt is rewritten unless `prompt_extend` says otherwise."""
    choices: dict[str, tuple[Text, ...]] = msgspec.field(default_factory=dict)
    """Other parameters and the texts that they may be."""
    running: Count = 2
    """The tasks of one key that run at the same time; those beyond wait."""
