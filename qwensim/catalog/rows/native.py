"""The lines of models on the native generation surface, where they differ."""

from typing import Annotated, Literal

import msgspec

from qwensim.catalog.rows.base import Count, Row, Text

Uncached = Literal["zero", "empty", "absent"]
"""What says that nothing of a prompt came out of the cache: a count of zero, an empty object, or
nothing."""


class NativeRow(Row, frozen=True, kw_only=True):
    """How the models of one line take and give native requests.

    Models that take more than text are asked at `multimodal-generation`, the others at
    `text-generation`. Of the rows of a surface the first that fits a model holds.
    """

    id: Text
    surface: Literal["text-generation", "multimodal-generation"]
    models: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)] = ("*",)
    """Names of models; `*` and `?` match as in a shell."""
    result_format: Literal["text", "message"] = "message"
    """What an answer is unless asked otherwise; a line of messages gives nothing else."""
    incremental: Literal["never", "off", "on", "only"] = "on"
    """Whether a frame has only what is new: never, if asked to, unless asked not to, or always."""
    names_model: bool = False
    """Beside its choices an output has the finish reason and the name of the model."""
    mixes: bool = False
    """One frame has the end of the thoughts and the beginning of the text, or the end of one call
    and the beginning of the next."""
    reads_documents: bool = False
    """What some tasks of `ocr_options` read is told in fields too, unless it is streamed."""
    timeout: Count
    """Seconds, as `x-dashscope-timeout` names them."""
    sorts_whole: bool = True
    """The keys of an answer that is not streamed are in alphabetical order."""
    blank_reasoning: bool = False
    """A message that is not streamed carries an empty `reasoning_content` if there is none."""
    uncached: Uncached = "zero"
    uncached_thinking: Uncached | None = None
    """In the frames of a thinking answer, where it is another."""
    uncached_whole: Uncached | None = None
    """In an answer that is not streamed, where it is another."""
