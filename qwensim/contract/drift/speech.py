"""What a recorded chat completion says, so that the fake can be told to say it too."""

import msgspec

from qwensim.contract.drift.answers import Answer
from qwensim.simulator import Counts, Script, ToolCall
from qwensim.simulator.replies.tokens import Estimate


class _Function(msgspec.Struct, frozen=True):
    name: str | None = None
    arguments: str | None = None


class _Call(msgspec.Struct):
    index: int = 0
    function: _Function = _Function()


class _Said(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[_Call] | None = None


class _Token(msgspec.Struct):
    top_logprobs: list[object] = []


class _Logprobs(msgspec.Struct):
    content: list[_Token] | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Said | None = None
    message: _Said | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class Details(msgspec.Struct):
    """Counts that stand within others."""

    reasoning_tokens: int = 0
    cached_tokens: int = 0


class Counted(msgspec.Struct):
    """The usage that an answer tells, under the names of the compatible chat."""

    prompt_tokens: int
    completion_tokens: int
    prompt_tokens_details: Details | None = None
    completion_tokens_details: Details | None = None


class _Completion(msgspec.Struct):
    model: str
    choices: list[_Choice]
    object: str = ""
    usage: Counted | None = None


class Call(msgspec.Struct, kw_only=True):
    """A tool call, its arguments in the pieces in which they came."""

    name: str
    arguments: list[str]


class Speech(msgspec.Struct, kw_only=True):
    """The first choice of an answer, in the pieces in which it came, and what is told about it."""

    model: str
    streamed: bool
    content: list[str]
    reasoning: list[str]
    calls: list[Call]
    finish_reason: str | None = None
    usage: Counted | None = None
    choices: int = 1
    logprobs: bool = False
    top_logprobs: int = 0

    def script(self) -> Script:
        """Return the script that makes the fake say it.

        A `finish_reason` is left to the fake unless it is the length of what the model said.
        """
        text = "".join(self.content)
        return Script(
            text=None if self.calls and not text else text,
            reasoning="".join(self.reasoning) or None,
            tool_calls=tuple(
                ToolCall(name=call.name, arguments="".join(call.arguments)) for call in self.calls
            ),
            usage=self._counts(),
            finish_reason="length" if self.finish_reason == "length" else None,
        )

    def _counts(self) -> Counts | None:
        """Return the counts: which of them are zero decides on the keys of a usage."""
        if (usage := self.usage) is None:
            return None
        prompt = usage.prompt_tokens_details or Details()
        completion = usage.completion_tokens_details or Details()
        return Counts(
            prompt=usage.prompt_tokens,
            completion=usage.completion_tokens,
            reasoning=completion.reasoning_tokens,
            cached=prompt.cached_tokens,
        )

    def pieces(self) -> dict[str, list[str]]:
        """Return how its texts were cut."""
        cuts = [self.content, self.reasoning, *(call.arguments for call in self.calls)]
        return {"".join(cut): cut for cut in cuts}


class Scissors:
    """A tokenizer that cuts what was recorded where the service cut it, the rest by estimate."""

    def __init__(self) -> None:
        self.pieces: dict[str, list[str]] = {}
        self._estimate = Estimate()

    def split(self, text: str) -> list[str]:
        """Return the pieces of a text."""
        found = self.pieces.get(text)
        return self._estimate.split(text) if found is None else list(found)


def spoken(answer: Answer) -> Speech | None:
    """Return what an answer says, or None if it is no chat completion."""
    try:
        bodies = [
            msgspec.convert(body, _Completion)
            for body in answer.bodies
            if body.get("choices") is not None
        ]
    except msgspec.ValidationError:
        return None
    if not bodies:
        return None
    speech = Speech(
        model=bodies[0].model,
        streamed=bodies[0].object == "chat.completion.chunk",
        content=[],
        reasoning=[],
        calls=[],
    )
    calls: dict[int, Call] = {}
    for body in bodies:
        speech.usage = body.usage or speech.usage
        for choice in body.choices:
            speech.choices = max(speech.choices, choice.index + 1)
            if choice.index == 0:
                _hear(speech, calls, choice)
    speech.calls = list(calls.values())
    return speech


def _hear(speech: Speech, calls: dict[int, Call], choice: _Choice) -> None:
    said = choice.delta or choice.message or _Said()
    if said.content:
        speech.content.append(said.content)
    if said.reasoning_content:
        speech.reasoning.append(said.reasoning_content)
    for call in said.tool_calls or ():
        arguments = call.function.arguments or ""
        if call.index in calls:
            calls[call.index].arguments.append(arguments)
        else:
            calls[call.index] = Call(
                name=call.function.name or "", arguments=[arguments] if arguments else []
            )
    speech.finish_reason = choice.finish_reason or speech.finish_reason
    if choice.logprobs is not None:
        speech.logprobs = True
        counts = (len(token.top_logprobs) for token in choice.logprobs.content or ())
        speech.top_logprobs = max(speech.top_logprobs, *counts, 0)
