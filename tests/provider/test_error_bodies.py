"""What a body tells of an error, whatever its envelope."""

from typing import Any

import pytest

from qwensim.provider.faults import Fault, of_body


@pytest.mark.parametrize(
    ("body", "words", "code", "request_id"),
    [
        ({"error": {"message": "m", "code": "c"}, "id": "chatcmpl-9"}, "m", "c", "9"),
        ({"error": {"message": "m", "code": "c", "id": "9"}}, "m", "c", "9"),
        ({"error": "m"}, "m", None, None),
        ({"code": "c", "message": "m", "request_id": "9"}, "m", "c", "9"),
        ({"error": {"message": 5, "code": 5}}, "the service gives no reason", None, None),
        ({"error": ["m"]}, "the service gives no reason", None, None),
    ],
)
def test_an_error_is_read_from_any_envelope(
    body: Any, words: str, code: str | None, request_id: str | None
) -> None:
    assert of_body(body) == Fault(message=words, code=code, request_id=request_id)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        {},
        {"choices": [], "code": "c", "message": "m"},
        {"message": "m"},
        {"error": {}},
    ],
)
def test_what_tells_of_no_error_is_none(body: Any) -> None:
    assert of_body(body) is None
