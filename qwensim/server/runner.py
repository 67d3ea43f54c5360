"""Serves a simulator on a port: `serve` beside the caller's own code, `run` in its place."""

import contextlib
import queue
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import get_args

import msgspec
import uvicorn

from qwensim.catalog.rows import Region
from qwensim.errors import UsageError
from qwensim.server.app import App
from qwensim.server.control import Control
from qwensim.server.protocol import Protocol
from qwensim.simulator import Simulator

EXIT_CODES: Mapping[int, int] = {signal.SIGINT: 130, signal.SIGTERM: 0}
"""The signals that stop `run`, and what it returns then."""

_LAST_PORT = 65535
_BACKLOG = 2048
_KEEP_ALIVE = 75
"""Seconds that an idle connection is kept: longer than clients keep theirs, so that they close."""
_GRACE = 1
"""Seconds that stopping may take. Open answers are broken off at once; this is for the rest."""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where a simulator that is being served can be reached."""

    port: int
    url: str
    """`http://HOST:PORT`, without a path."""
    base_urls: Mapping[str, str]
    """For each host of the catalogue the base URL to give a client in place of the real one."""


@contextlib.contextmanager
def serve(
    simulator: Simulator,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    region: Region = "global",
    control: bool = True,
) -> Iterator[Server]:
    """Serve `simulator` from a thread while the context lasts.

    It listens from the start; port 0 takes any free one. `region` chooses the hosts for requests
    that name none; `control` adds the paths of `qwensim.server.control` for clients on this
    machine. Answers that are open at the end are broken off. With the simulator's default clock
    time stands still but for the waits: give it a `SystemClock` if it should pass.

    Raises `UsageError` if host and port cannot be listened on or there is no such region.
    """
    if region not in get_args(Region):
        raise UsageError(f"no region {region!r}; there are: {', '.join(get_args(Region))}")
    listener = _listen(host, port)
    app = App(simulator, region=region)
    config = uvicorn.Config(
        Control(simulator, app) if control else app,
        http=Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="qwensim", daemon=True
    )
    thread.start()
    try:
        yield _describe(simulator, listener)
    finally:
        server.should_exit = True
        thread.join()


def run(
    simulator: Simulator,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    region: Region = "global",
    control: bool = True,
    on_start: Callable[[Server], None],
) -> int:
    """Serve `simulator` until Ctrl-C or SIGTERM and return the exit code: 130 or 0.

    `on_start` is called when it listens. While it stops, further signals do nothing. For the main
    thread only; arguments and errors are those of `serve`.
    """
    signals = queue.SimpleQueue[int]()  # its `put` may be called in the midst of its `get`
    former = {
        number: signal.signal(number, lambda number, _: signals.put(number))
        for number in EXIT_CODES
    }
    try:
        with serve(simulator, host=host, port=port, region=region, control=control) as server:
            on_start(server)
            return EXIT_CODES[_first(signals)]
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _first(signals: queue.SimpleQueue[int]) -> int:
    while True:
        with contextlib.suppress(queue.Empty):
            # A signal that another thread takes is seen when the time is over.
            return signals.get(timeout=1)


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= _LAST_PORT:
        raise UsageError(f"no port {port}: give one from 1 to {_LAST_PORT}, or 0 for any free one")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host} port {port} ({error.strerror}): give another port, or 0 for "
            "any free one, and a name or address of this machine"
        ) from error


def _describe(simulator: Simulator, listener: socket.socket) -> Server:
    address, port = listener.getsockname()[:2]
    url = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
    base_urls = {
        host.name: f"{url}/{host.name}{host.base_path}" for host in simulator.catalog.hosts.values()
    }
    return Server(port=port, url=url, base_urls=base_urls)
