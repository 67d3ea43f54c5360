"""A server of streams that stay open, in a process of its own.

    python tests/bench/open_streams.py simulated
    python tests/bench/open_streams.py bare

The first serves a simulator that takes two seconds for each token; the second, on the same uvicorn,
an app that sends one event and waits. Prints its port and ends when its input does.
"""

import asyncio
import socket
import sys
import threading
from typing import Any

import uvicorn

from qwensim import Pace, Simulator, serve
from qwensim.server.protocol import Protocol

SLOW = Pace(first_token=0.01, tokens_per_second=0.5)
HEADERS = [(b"content-type", b"text/event-stream;charset=utf-8")]


async def hold(scope: Any, receive: Any, send: Any) -> None:
    """Send one event, and leave the stream open until the client leaves."""
    message = await receive()
    while message["more_body"]:
        message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"data: {}\n\n", "more_body": True})
    gone = asyncio.ensure_future(receive())
    await asyncio.wait({gone}, timeout=3600)


def main() -> None:
    """Serve until the input ends."""
    if sys.argv[1] == "simulated":
        with serve(Simulator(pace=SLOW)) as server:
            print(server.port, flush=True)  # noqa: T201 # the parent reads it
            sys.stdin.read()
        return
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        hold, http=Protocol, ws="none", lifespan="off", log_config=None, access_log=False
    )
    threading.Thread(target=uvicorn.Server(config).run, args=([listener],), daemon=True).start()
    print(listener.getsockname()[1], flush=True)  # noqa: T201 # the parent reads it
    sys.stdin.read()


if __name__ == "__main__":
    main()
