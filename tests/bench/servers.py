"""A server to be measured, in a process of its own.

    python tests/bench/servers.py simulated
    python tests/bench/servers.py canned ANSWERS

The first serves the simulator; the second, on the same uvicorn, sends ready-made answers in one
write: those of the JSON file ANSWERS, of which `true` and `false` tell whether the client asked for
a stream. Prints its port and ends when its input does.
"""

import json
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import uvicorn

from qwensim.server import serve
from qwensim.server.protocol import Protocol
from qwensim.simulator import Simulator

TEXT = " ".join(["The harbour lights go on at dusk."] * 21)
"""Makes a stream of about 50 events."""


def simulator() -> Simulator:
    """Return a simulator whose streams are of one length; whole answers are as they come."""
    simulated = Simulator()
    simulated.script(TEXT, when=lambda ask: ask.stream, times=None)
    return simulated


def canned(answers: dict[str, dict[str, Any]]) -> Any:
    """Return an ASGI app that sends ready-made answers."""
    ready = {
        stream == "true": (
            [(name.encode(), value.encode()) for name, value in answer["headers"]],
            answer["body"].encode(),
        )
        for stream, answer in answers.items()
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        while message["more_body"]:
            message = await receive()
        headers, body = ready[b'"stream": true' in message["body"]]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def main() -> None:
    """Serve until the input ends."""
    if sys.argv[1] == "simulated":
        with serve(simulator()) as server:
            print(server.port, flush=True)  # noqa: T201 # the parent reads it
            sys.stdin.read()
        return
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    config = uvicorn.Config(
        canned(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))),
        http=Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )
    bare = uvicorn.Server(config)
    threading.Thread(target=bare.run, args=([listener],), daemon=True).start()
    print(listener.getsockname()[1], flush=True)  # noqa: T201 # the parent reads it
    sys.stdin.read()


if __name__ == "__main__":
    main()
