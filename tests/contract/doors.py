"""The ways to a fake: in process for httpx2 and for httpx, and behind a socket."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx
import httpx2

from qwensim.contract.session import Rerouted
from qwensim.exchange import Event, Request
from qwensim.server import serve
from qwensim.simulator import Simulator
from qwensim.transport import transport

PATIENCE = 5.0


@dataclass
class Seen:
    """What came."""

    status: int | None = None
    body: bytes = b""
    error: bool = False


class Doorway:
    """Stands before the fake of the moment, so that one server serves them all."""

    def __init__(self) -> None:
        self.inside = Simulator()

    @property
    def catalog(self) -> Any:
        return self.inside.catalog

    @property
    def clock(self) -> Any:
        return self.inside.clock

    def handle(self, request: Request) -> Iterator[Event]:
        return self.inside.handle(request)


Door = Callable[[Simulator, str, dict[str, str], bytes], Seen]


def call_with(library: Any, carrier: Any, url: str, headers: dict[str, str], body: bytes) -> Seen:
    """Send a request with a library and read as much of the answer as comes."""
    seen = Seen()
    with library.Client(transport=carrier, timeout=PATIENCE) as client:
        try:
            with client.stream("POST", url, headers=headers, content=body) as response:
                seen.status = response.status_code
                for piece in response.iter_raw():
                    seen.body += piece
        except library.TransportError:
            seen.error = True
    return seen


@contextmanager
def doors() -> Iterator[dict[str, Door]]:
    """Give the three ways in."""
    doorway = Doorway()
    with serve(cast("Simulator", doorway)) as server:
        hosts = doorway.catalog.hosts.values()
        routes = {host.base_url: server.base_urls[host.name] for host in hosts}

        def in_process(library: Any) -> Door:
            return lambda simulator, *request: call_with(
                library, transport(simulator, library), *request
            )

        def over_socket(simulator: Simulator, *request: Any) -> Seen:
            doorway.inside = simulator
            plain = httpx2.HTTPTransport(verify=False)  # there is no TLS to be verified
            return call_with(httpx2, Rerouted(plain, routes), *request)

        yield {
            "httpx2": in_process(httpx2),
            "httpx": in_process(httpx),
            "served": over_socket,
        }
