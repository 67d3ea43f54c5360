"""Serves a simulator on a port: `serve` beside the caller's own code, `run` in its place."""

import asyncio
import contextlib
import queue
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import uvicorn

from qwensim.catalog.rows import Region
from qwensim.errors import UsageError
from qwensim.fields import check_kind
from qwensim.server.app import App, Asgi
from qwensim.server.control import Control
from qwensim.server.protocol import PATIENCE, Protocol
from qwensim.server.proxy import Proxy, ProxyProtocol
from qwensim.server.tls import by_name
from qwensim.simulator import Simulator

if TYPE_CHECKING:
    from qwensim.server.authority import Authority

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
    """`http://HOST:PORT`, without a path; that of the proxy too, if it is one."""
    base_urls: Mapping[str, str]
    """For each host of the catalogue the base URL to give a client in place of the real one."""
    tls_port: int | None = None
    certificate: bytes = b""
    """The authority that clients must trust, as PEM, where TLS ends here: by proxy or TLS port."""


@contextlib.contextmanager
def serve(
    simulator: Simulator,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    region: Region = "global",
    control: bool = True,
    proxy: bool = False,
    tls_port: int | None = None,
    ca_dir: Path | None = None,
) -> Iterator[Server]:
    """Serve `simulator` from a thread while the context lasts.

    It listens from the start; port 0 takes any free one. `region` chooses the hosts for requests
    that name none; `control` adds the paths of `qwensim.server.control` for clients on this
    machine. `proxy` makes the port a forward proxy too, to the service's hosts and to no other; on
    `tls_port` TLS is served under their names. The certificate authority for that is a new one
    unless a folder, `ca_dir`, keeps it. Answers that are open at the end are broken off. With the
    simulator's default clock time stands still but for the waits: give it a `SystemClock` if it
    should pass.

    Raises `UsageError` if host and port cannot be listened on, there is no such region, or the
    folder does not hold what it should.
    """
    if not hasattr(simulator, "handle"):
        raise UsageError(f"simulator is a Simulator, not {simulator!r}")
    if region not in get_args(Region):
        raise UsageError(f"no region {region!r}; there are: {', '.join(get_args(Region))}")
    authority = _authority(ca_dir) if proxy or tls_port is not None else None
    if ca_dir is not None and authority is None:
        raise UsageError("a ca_dir is for the authority of a proxy or a TLS port: ask for either")
    service = App(simulator, region=region)
    app: Asgi = Control(simulator, service) if control else service
    protocol: Any = Protocol
    if proxy and authority is not None:
        app = Proxy(simulator, authority, service=service, server=app)
        protocol = partial(ProxyProtocol, app)
    config = uvicorn.Config(
        app,
        http=protocol,
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
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(_listen(host, port))
        server = _Server(config)
        if tls_port is not None and authority is not None:
            server.tls_listener = stack.enter_context(_listen(host, tls_port))
            server.tls = by_name(authority, simulator)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="qwensim", daemon=True
        )
        thread.start()
        try:
            yield _describe(simulator, listener, server.tls_listener, authority)
        finally:
            server.should_exit = True
            thread.join()


def run(  # noqa: PLR0913 - those of `serve`
    simulator: Simulator,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    region: Region = "global",
    control: bool = True,
    proxy: bool = False,
    tls_port: int | None = None,
    ca_dir: Path | None = None,
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
    serving = serve(
        simulator,
        host=host,
        port=port,
        region=region,
        control=control,
        proxy=proxy,
        tls_port=tls_port,
        ca_dir=ca_dir,
    )
    try:
        with serving as server:
            on_start(server)
            return EXIT_CODES[_first(signals)]
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


class _Server(uvicorn.Server):
    """Serves one app on two ports if it is given a listener for TLS."""

    tls_listener: socket.socket | None = None
    tls: ssl.SSLContext | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        if self.tls_listener is not None:
            protocol = partial(
                Protocol,
                config=self.config,
                server_state=self.server_state,
                app_state=self.lifespan.state,
            )
            self.servers.append(
                await asyncio.get_running_loop().create_server(
                    protocol,
                    sock=self.tls_listener,
                    ssl=self.tls,
                    backlog=_BACKLOG,
                    ssl_handshake_timeout=PATIENCE,
                )
            )


def _authority(folder: Path | None) -> "Authority":
    from qwensim.server.authority import Authority  # noqa: PLC0415 - cryptography is slow to load

    return Authority() if folder is None else Authority.kept_in(folder)


def _first(signals: queue.SimpleQueue[int]) -> int:
    while True:
        with contextlib.suppress(queue.Empty):
            # A signal that another thread takes is seen when the time is over.
            return signals.get(timeout=1)


def _listen(host: str, port: int) -> socket.socket:
    check_kind("host", host, str, "a name or an address of this machine")
    if not isinstance(port, int) or not 0 <= port <= _LAST_PORT:
        raise UsageError(
            f"no port {port!r}: give one from 1 to {_LAST_PORT}, or 0 for any free one"
        )
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        # The standard library adds to the system's words the address, which is told anyway.
        problem = (error.strerror or str(error)).partition(" (while ")[0]
        raise UsageError(
            f"cannot listen on {host} port {port} ({problem}): give another port, or 0 for "
            "any free one, and a name or address of this machine"
        ) from error


def _describe(
    simulator: Simulator,
    listener: socket.socket,
    tls_listener: socket.socket | None,
    authority: "Authority | None",
) -> Server:
    address, port = listener.getsockname()[:2]
    url = f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"
    base_urls = {
        host.name: f"{url}/{host.name}{host.base_path}" for host in simulator.catalog.hosts.values()
    }
    return Server(
        port=port,
        url=url,
        base_urls=base_urls,
        tls_port=tls_listener.getsockname()[1] if tls_listener else None,
        certificate=authority.certificate if authority else b"",
    )
