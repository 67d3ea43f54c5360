"""What the client of a scenario does."""

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from qwensim.errors import UsageError
from qwensim.provider import ThinkingLevel
from qwensim.scenarios.parts import Key, Number, Spec, Text

_LONGEST: Final = 16_000_000
"""Characters of a text: four times what the longest prompt of any model has."""

Seconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=366 * 86_400)]


class Call(Spec, frozen=True, kw_only=True, tag_field="do"):
    """Something that the client does."""

    repeat: Number = 1
    """It is done so many times over; what is seen is the last one."""
    wait: Seconds = 0.0
    """Seconds that pass on the service's clock before each."""


class Chat(Call, frozen=True, kw_only=True, tag="chat"):
    """The provider asks a model; a stream is read to its end."""

    model: Text
    """A reference, like `qwen/qwen3.5-plus`."""
    messages: str | list[dict[str, Any]] = "Say hello in one word."
    """What the user says, or the conversation. In it `{text: TEXT, times: N}` is a long text."""
    thinking: ThinkingLevel | None = None
    stream: bool = False
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    """Further fields of the request, like `tools`."""


class Describe(Call, frozen=True, kw_only=True, tag="describe"):
    """The provider asks what a picture or a video shows."""

    kind: Literal["image", "video"]
    source: Annotated[str, msgspec.Meta(pattern="^(https?|data):")]
    """An address; scenarios read no files."""
    prompt: str | None = None
    model: str | None = None
    """A reference; by default the provider's own choice."""


class Video(Call, frozen=True, kw_only=True, tag="video"):
    """The provider has a video made, and waits for it. Its options are those of the provider."""

    prompt: str = ""
    model: str | None = None
    """A reference; by default the provider's own choice."""
    images: list[str] | UnsetType = UNSET
    videos: list[str] | UnsetType = UNSET
    size: str | UnsetType = UNSET
    aspect_ratio: str | UnsetType = UNSET
    resolution: str | UnsetType = UNSET
    duration: int | UnsetType = UNSET
    audio: bool | UnsetType = UNSET
    watermark: bool | UnsetType = UNSET
    count: int | UnsetType = UNSET
    timeout: Seconds = 600.0
    """Seconds that the task may take, on the service's clock."""
    download_after: Seconds | None = None
    """Seconds after which it is downloaded; null: it is not."""


class Image(Call, frozen=True, kw_only=True, tag="image"):
    """The provider has images made of a prompt. Its options are those of the provider."""

    prompt: str
    model: str | None = None
    """A reference; by default the provider's own choice."""
    size: str | UnsetType = UNSET
    n: int | UnsetType = UNSET
    negative_prompt: str | UnsetType = UNSET
    seed: int | UnsetType = UNSET
    prompt_extend: bool | UnsetType = UNSET
    watermark: bool | UnsetType = UNSET
    timeout: Seconds = 600.0
    """Seconds that a task may take, on the service's clock."""
    download_after: Seconds | None = None
    """Seconds after which the first one is downloaded; null: it is not."""


class Task(Call, frozen=True, kw_only=True, tag="task"):
    """The provider waits for a task that was ordered before."""

    id: Text
    """`{1.output.task_id}` is what stands at that place in the answer to call 1."""
    timeout: Seconds = 600.0
    """Seconds that it may take, on the service's clock."""


class Models(Call, frozen=True, kw_only=True, tag="models"):
    """The provider lists the models of its endpoint."""


class Catalogue(Call, frozen=True, kw_only=True, tag="catalogue"):
    """The provider lists the models that its configuration and the bundled catalogue give it."""


class Http(Call, frozen=True, kw_only=True, tag="http"):
    """A request as some other client sends it."""

    host: Text
    """One of the service's."""
    path: Annotated[str, msgspec.Meta(pattern=r"^/[!-~]*(?!\n)$")]
    """With the query, if there is one. It takes from answers as the `id` of a `task` does."""
    method: Literal["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"] = "POST"
    key: str | None = None
    """The name of the key in `Authorization: Bearer`; null sends no such header."""
    headers: dict[str, str | Key | None] = msgspec.field(default_factory=dict)
    """null leaves out what is sent by default, like `user-agent`."""
    body: dict[str, Any] | str | None = None
    """JSON, or a text as it is sent. In it `{text: TEXT, times: N}` is a long text."""


AnyCall: TypeAlias = Chat | Describe | Video | Image | Task | Models | Catalogue | Http


def filled(value: Any) -> Any:
    """Return JSON in which `{text: TEXT, times: N}` is the text so many times over.

    Raises `UsageError` for a text that no request could hold.
    """
    match value:
        case {"text": str(text), "times": int(times), **rest} if not rest:
            if len(text) * times > _LONGEST:
                raise UsageError(f"{times} times {len(text)} characters: a text has {_LONGEST:,}")
            return text * times
        case dict():
            return {name: filled(item) for name, item in value.items()}
        case list():
            return [filled(item) for item in value]
    return value
