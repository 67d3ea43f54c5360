"""Reads a native request: what it asks, in the form of the compatible chat, and the delivery."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from qwensim.catalog.rows import NativeRow
from qwensim.simulator.refusals import Refused
from qwensim.simulator.surfaces.chat.options import Options

_MODALITIES = ("text", "image", "video", "audio")
_DELIVERY = frozenset({"incremental_output", "result_format"})
_LARGEST_SEED = 2**63 - 1
_COMPATIBLE_SEEDS = 2**31


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked up in the web beside the answer."""

    strategy: str
    sources: bool
    """The answer names what was found."""
    prepend: bool
    """A stream opens with a frame that has nothing else."""

    @property
    def plugin(self) -> dict[str, Any]:
        """What the usage tells of it."""
        return {"search": {"count": 1, "strategy": self.strategy}}


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How the answer is given."""

    message: bool
    """In `choices`, and not as `text`."""
    incremental: bool
    search: Search | None
    document: Mapping[str, Any] | None
    """The parameters by which an OCR model reads, where it tells what it read in fields too."""


class NativeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request whose form is right."""

    compatible: dict[str, Any]
    """It in the form of the compatible chat."""
    parameters: Mapping[str, Any]
    """As they were sent."""


def read_request(body: Mapping[str, Any], *, stream: bool) -> NativeRequest:
    """Return a request, or refuse its form. What stands outside its place is ignored."""
    parameters = body.get("parameters")
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, dict):
        raise Refused("body-invalid")
    compatible = {name: value for name, value in parameters.items() if name not in _DELIVERY}
    compatible |= {"model": body["model"], "messages": _messages(body), "stream": stream}
    if (seed := parameters.get("seed")) is not None:
        compatible["seed"] = _seed(seed)
    return NativeRequest(compatible=compatible, parameters=parameters)


def read_delivery(
    parameters: Mapping[str, Any], line: NativeRow, options: Options, *, stream: bool
) -> Delivery:
    """Return how a request wants its answer, or refuse what its model cannot do."""
    message = line.result_format == "message" or parameters.get("result_format") == "message"
    if options.thinking and not message:
        raise Refused("native-format-in-thinking")
    incremental = line.incremental in ("on", "only")
    asked = parameters.get("incremental_output")
    if isinstance(asked, bool) and line.incremental != "never":
        incremental = asked
    if stream and not incremental:
        if line.incremental == "only":
            raise Refused("native-incremental-only")
        if options.thinking:
            raise Refused("native-incremental-in-thinking")
    return Delivery(
        # An `output.text` has no room for calls or for several answers.
        message=message or bool(options.tools) or options.choices > 1,
        incremental=incremental,
        search=_search(parameters),
        document=parameters if line.reads_documents and not stream else None,
    )


def _messages(body: Mapping[str, Any]) -> Any:
    given = body.get("input")
    given = given if isinstance(given, dict) else {}
    messages, prompt = given.get("messages"), given.get("prompt")
    if messages is None and prompt is not None:
        messages = [{"role": "user", "content": prompt}] if prompt != "" else []
    if messages == []:
        raise Refused("native-role-content")
    if not isinstance(messages, list):
        return messages
    return [_message(message) for message in messages]


def _message(message: Any) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        return message
    return {**message, "content": [part for item in content for part in _parts(item)]}


def _parts(item: Any) -> Iterator[dict[str, Any]]:
    """Yield the compatible form of a part, or of each modality that is in it."""
    if not isinstance(item, dict) or all(item.get(name) is None for name in _MODALITIES):
        raise Refused("content-part-unexpected")
    options = {name: value for name, value in item.items() if name not in (*_MODALITIES, "type")}
    for name, value in item.items():
        if value is None or name not in _MODALITIES:
            continue
        match name, value:
            case "text", _:
                yield {**options, "type": "text", "text": value}
            case "image", _:
                yield {**options, "type": "image_url", "image_url": {"url": value}}
            case "audio", _:
                yield {**options, "type": "input_audio", "input_audio": {"data": value}}
            case "video", list():
                yield {**options, "type": "video", "video": value}
            case _:
                yield {**options, "type": "video_url", "video_url": {"url": value}}


def _seed(seed: Any) -> Any:
    """Return a seed within the range of the compatible chat; natively there are more of them."""
    if isinstance(seed, bool) or not isinstance(seed, int):
        return seed
    if not 0 <= seed <= _LARGEST_SEED:
        raise Refused("native-seed-range")
    return seed % _COMPATIBLE_SEEDS


def _search(parameters: Mapping[str, Any]) -> Search | None:
    if parameters.get("enable_search") is not True:
        return None
    options = parameters.get("search_options")
    options = options if isinstance(options, dict) else {}
    strategy = options.get("search_strategy")
    sources = options.get("enable_source") is True
    return Search(
        strategy=strategy if isinstance(strategy, str) else "turbo",
        sources=sources,
        prepend=sources and options.get("prepend_search_result") is True,
    )
