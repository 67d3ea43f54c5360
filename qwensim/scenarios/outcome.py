"""What came of a call, whatever it was."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from qwensim.provider import ProviderError, Reply, Video
from qwensim.scenarios.wire import ABSENT, Exchange


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """The error with which a call ended; its fields are those of `Failed`."""

    type: str
    message: str
    kind: str | None = None
    status: int | None = None
    code: str | None = None
    advice: str | None = None
    partial: str | None = None

    @classmethod
    def of(cls, error: Exception, *, shown: Callable[[str], str]) -> "Failure":
        """Read an exception; `shown` makes a text fit to be shown."""
        name = type(error).__name__
        if not isinstance(error, ProviderError):
            return cls(type=name, message=shown(str(error)))
        return cls(
            type=name,
            message=shown(error.message),
            kind=error.kind,
            status=error.status,
            code=error.code,
            advice=shown(error.advice),
            partial=error.partial.content if error.partial else None,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What the provider returned; its fields are those of `Replied`."""

    text: str | None = None
    reasoning: str | None = None
    tools: tuple[str, ...] = ()
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    models: tuple[str, ...] | None = None
    url: str | None = None
    images: int | None = None
    seconds: float | None = None
    downloaded: int | None = None

    @classmethod
    def of(cls, reply: Reply) -> "Said":
        """Read a reply."""
        usage = asdict(reply.usage) if reply.usage else {}
        return cls(
            text=reply.content,
            reasoning=reply.reasoning or None,
            tools=tuple(call.name for call in reply.tool_calls),
            finish_reason=reply.finish_reason,
            **usage,
        )

    @classmethod
    def of_video(cls, video: Video, *, downloaded: int | None = None) -> "Said":
        """Read a video; `downloaded` are its bytes."""
        return cls(url=video.url, seconds=video.seconds, downloaded=downloaded)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a call ended, and what went over the wire until then."""

    exchanges: tuple[Exchange, ...] = ()
    error: Failure | None = None
    reply: Said | None = None
    """None for `http` too: what came is in the last exchange."""

    @property
    def answer(self) -> Any:
        """The JSON that came last, or `ABSENT`."""
        return self.exchanges[-1].response_json if self.exchanges else ABSENT

    @property
    def summary(self) -> str:
        """How it ended, in a line."""
        if self.error is not None:
            facts = [str(fact) for fact in (self.error.status, self.error.code) if fact]
            return f"{' '.join([self.error.type, *facts])}: {self.error.message}"
        if self.reply is not None:
            return "a reply"
        status = self.exchanges[-1].status if self.exchanges else None
        return f"an answer with status {status}"
