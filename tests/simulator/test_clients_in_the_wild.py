"""What clients that others wrote send, as plain requests, and what they need back."""

import json
import logging
import socket
from typing import Any

import jsonschema
import pytest

from qwensim import Simulator, serve

PATH = "/dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"
CHAT = json.dumps({"model": "qwen-plus", "messages": [{"role": "user", "content": "hi"}]}).encode()


def request(offer: str) -> tuple[bytes, bytes]:
    """The head and the body of a request that offers to speak another protocol."""
    head = (
        f"POST {PATH} HTTP/1.1\r\n"
        "connection: upgrade, http2-settings\r\n"
        f"content-length: {len(CHAT)}\r\n"
        "host: localhost\r\n"
        "http2-settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
        f"upgrade: {offer}\r\n"
        "authorization: Bearer sk-0123456789abcdef\r\n"
        "content-type: application/json\r\n"
        "\r\n"
    )
    return head.encode(), CHAT


def talk(port: int, *pieces: bytes, answers: int) -> list[tuple[int, Any]]:
    """Send pieces one by one over one connection; return status and JSON of the answers."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            connection.sendall(piece)
        received = []
        with connection.makefile("rb") as file:
            for _ in range(answers):
                status = int(file.readline().split()[1])
                while file.readline().strip():
                    pass
                body = b""
                while size := int(file.readline(), 16):
                    body += file.read(size)
                    file.readline()
                file.readline()
                received.append((status, json.loads(body)))
        return received


@pytest.mark.parametrize("offer", ["h2c", "websocket"])
@pytest.mark.parametrize("cut", ["whole", "body apart", "byte by byte"])
def test_a_request_that_offers_an_upgrade_keeps_its_body(
    offer: str, cut: str, caplog: pytest.LogCaptureFixture
) -> None:
    # As the HTTP client of the JDK sends it, and with it langchain4j and Spring AI.
    head, body = request(offer)
    pieces = {
        "whole": [head + body],
        "body apart": [head, body],
        "byte by byte": [bytes([byte]) for byte in head + body],
    }[cut]
    simulator = Simulator()
    with caplog.at_level(logging.WARNING), serve(simulator) as server:
        answers = talk(server.port, *pieces, *pieces, answers=2)
    assert [status for status, _ in answers] == [200, 200]
    assert {answer["object"] for _, answer in answers} == {"chat.completion"}
    assert [entry.model for entry in simulator.journal] == ["qwen-plus"] * 2
    assert caplog.records == []


@pytest.mark.parametrize("offer", ["", "connection: upgrade\r\nupgrade: h2c\r\n"])
def test_no_tunnel_is_opened(offer: str) -> None:
    with serve(Simulator()) as server:
        head = f"CONNECT {PATH} HTTP/1.1\r\nhost: localhost\r\n{offer}\r\n"
        [(status, _)] = talk(server.port, head.encode(), answers=1)
    assert status == 405


PERSON = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer", "minimum": 18}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
AI_SDK = f"JSON schema:\n{json.dumps(PERSON)}\nYou MUST answer with a JSON object that matches it."
INSTRUCTOR = (
    f"Give objects in json that match this json_schema:\n\n{json.dumps(PERSON, indent=2)}\n"
)
LANGCHAIN = (
    'For the schema {"properties": {"foo": {"type": "array"}}, "required": ["foo"]} the object '
    '{"foo": ["bar"]} is well-formed. Here is the JSON schema:\n```\n'
    + json.dumps({name: PERSON[name] for name in ("properties", "required")})
    + "\n```"
)


@pytest.mark.parametrize("told", [AI_SDK, INSTRUCTOR, LANGCHAIN])
@pytest.mark.parametrize("role", ["system", "user"])
def test_json_mode_follows_the_schema_in_the_prompt(
    simulator: Simulator, send: Any, role: str, told: str
) -> None:
    reply = send(
        simulator,
        model="qwen-plus",
        messages=[{"role": role, "content": told}, {"role": "user", "content": "a person"}],
        response_format={"type": "json_object"},
    )
    jsonschema.validate(json.loads(reply.text), PERSON)


@pytest.mark.parametrize(
    "told",
    [
        'Put it into json: {"type": "Feature", "properties": {"name": "Rhine"}}',
        'Complete this json: {"type": "object", "properties": {"name": ',
        "Complete this json: " + '{"type":' * 100_000,
        'What json is {"type": ' + "1" * 5_000 + "}?",
    ],
)
def test_json_mode_takes_no_other_json_for_a_schema(
    simulator: Simulator, send: Any, told: str
) -> None:
    reply = send(
        simulator,
        model="qwen-plus",
        messages=[{"role": "user", "content": told}],
        response_format={"type": "json_object"},
    )
    assert list(json.loads(reply.text)) == ["answer"]
