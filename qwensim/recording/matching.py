"""Which recording answers a request: vcrpy's matchers, and vcrpy's words for a near miss."""

from typing import Any

from vcr import matchers
from vcr.request import Request

from qwensim.recording.interactions import Interaction, grouped

MATCH_ON = ("method", "host", "path", "query", "body")
"""vcrpy's names. A JSON body is compared as JSON; scheme, port and headers do not count."""

MATCHERS = tuple(getattr(matchers, name) for name in MATCH_ON)


def to_request(interaction: Interaction) -> Request:
    """Return the request of an interaction as vcrpy has it."""
    return Request(
        interaction.method,
        interaction.uri,
        interaction.request_body,
        grouped(interaction.request_headers),
    )


def to_response(interaction: Interaction) -> dict[str, Any]:
    """Return the answer of an interaction as vcrpy has it, with its chunks."""
    return {
        "status": {"code": interaction.status, "message": interaction.reason},
        "headers": grouped(interaction.headers),
        "body": {"string": interaction.body},
        "chunks": interaction.chunks,
    }


def to_interaction(request: Request, response: dict[str, Any]) -> Interaction:
    """Return what vcrpy holds as an interaction."""
    status, body = response["status"], response["body"]["string"]
    return Interaction(
        method=request.method,
        uri=request.uri,
        request_headers=tuple(
            (name.lower(), str(value)) for name, value in request.headers.items()
        ),
        request_body=request.body_bytes or b"",
        status=status["code"],
        reason=status["message"] or "",
        headers=tuple(
            (name.lower(), value)
            for name, values in response["headers"].items()
            for value in ([values] if isinstance(values, str) else values)
        ),
        body=body.encode() if isinstance(body, str) else body or b"",
        chunks=tuple(response.get("chunks", ())),
    )
