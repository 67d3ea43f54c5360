"""The simulator as a forward proxy, for clients that are to use the service's own host names.

    CONNECT dashscope.aliyuncs.com:443   TLS ends here, under a certificate of the run's authority
    CONNECT dashscope.aliyuncs.com:80    plain HTTP follows, as Node's clients have it
    GET http://dashscope.aliyuncs.com/…  plain HTTP

Whoever asks for another host gets a 403 and an entry in the journal. Nothing here connects to
anything.
"""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import httptools

from qwensim.exchange import Headers, Request
from qwensim.server.app import Asgi, Message, Receive, Send, read_body
from qwensim.server.protocol import MAX_HEAD, PATIENCE, Protocol
from qwensim.server.routing import served_name
from qwensim.simulator import Simulator
from qwensim.simulator.journal import KEPT_AWAY, LEFT, TLS_FAILED

if TYPE_CHECKING:
    from qwensim.server.authority import Authority

TARGET = "qwensim.target"
"""The ASGI scope's extension: whom the client asked the proxy for. It overrules the Host header, as
RFC 9112 has it in section 3.2.2."""

_PLAIN: Final = "80"
_PORTS: Final = ("", _PLAIN, "443")
"""Those of the service; a URL has none where it is that of its scheme."""

_Fields = list[tuple[bytes, bytes]]

_CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_TOO_EARLY = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Proxy:
    """Lets clients to the service's hosts and keeps them from others. It is an ASGI app.

    `service` answers what was asked of a host, `server` what was asked of this server itself.
    `authority` signs for the hosts.
    """

    def __init__(
        self, simulator: Simulator, authority: "Authority", *, service: Asgi, server: Asgi
    ) -> None:
        self.tls = authority.context(simulator.catalog.host_names)
        """The settings of TLS in a tunnel."""
        self._simulator = simulator
        self._service = service
        self._server = server

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        target = scope["extensions"].get(TARGET)
        if target is None:
            await self._server(scope, receive, send)
        elif (name := self.admit(target)) is not None:
            headers = [header for header in scope["headers"] if header[0] != b"host"]
            headers.insert(0, (b"host", name.encode("ascii")))
            await self._service({**scope, "headers": headers}, receive, send)
        elif await read_body(receive) is not None:
            refusal = self.keep_away(
                target,
                method=scope["method"],
                path=scope["raw_path"].decode("ascii"),
                headers=scope["headers"],
            )
            length = b"%d" % len(refusal)
            head = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", length)]
            await send({"type": "http.response.start", "status": 403, "headers": head})
            await send({"type": "http.response.body", "body": refusal})

    def admit(self, target: str) -> str | None:
        """Return the name of the service's host that is asked for, or None if it is no such host.

        `target` is a name with a port or without; the port must be one that the service has.
        """
        name, port = _split(target)
        return served_name(self._simulator.catalog, name) if port in _PORTS else None

    def keep_away(self, target: str, *, method: str, path: str = "", headers: _Fields) -> bytes:
        """Enter in the journal who was kept from where; return what the client is told."""
        target = target.rpartition("@")[2]  # a password may stand before it
        name, port = _split(target)
        known = ", ".join(self._simulator.catalog.host_names)
        message = f"{target} is refused: qwensim answers for {known} and connects to nothing"
        self._simulator.journal.add_turned_away(
            Request(
                method=method,
                host=name if port in _PORTS else target,
                path=path,
                headers=_agent(headers),
            ),
            at=self._simulator.clock.now(),
            status=403,
            error=KEPT_AWAY,
            message=message,
        )
        return f"{message}\n".encode()

    def note_failure(self, name: str, error: ssl.SSLError, headers: _Fields) -> None:
        """Enter in the journal that a client and we did not agree on TLS."""
        self._note(name, headers, error=TLS_FAILED, message=error.reason or str(error))

    def note_leaving(self, name: str, headers: _Fields) -> None:
        """Enter in the journal that a client left a tunnel before it asked for anything.

        Those that use GnuTLS leave like this, without an alert, if they do not trust the authority.
        """
        self._note(name, headers, error=LEFT, message="the client left without a request")

    def _note(self, name: str, headers: _Fields, *, error: str, message: str) -> None:
        self._simulator.journal.add_turned_away(
            Request(method="CONNECT", host=name, path="", headers=_agent(headers)),
            at=self._simulator.clock.now(),
            status=0,
            error=error,
            message=message,
        )


class ProxyProtocol(Protocol):
    """Takes whole URLs, and opens tunnels: the protocol of a tunnel then has its connection."""

    def __init__(self, proxy: Proxy, **settings: Any) -> None:
        super().__init__(**settings)
        self._proxy = proxy
        self._settings = settings

    def on_headers_complete(self) -> None:
        """Begin to answer, unless the request opens a tunnel."""
        if not self._opens_tunnel():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the request, unless it opens a tunnel."""
        if not self._opens_tunnel():
            super().on_message_complete()

    def extensions(self) -> dict[str, Any]:
        """Add `TARGET` where the request has a whole URL."""
        url: Any = httptools.parse_url(self.url)  # typed as if it were always whole
        if url.host is None:
            return super().extensions()
        host = url.host.decode("latin-1")
        name = f"[{host}]" if ":" in host else host
        return {**super().extensions(), TARGET: f"{name}:{url.port}" if url.port else name}

    def on_upgrade(self, rest: bytes) -> None:
        """Open the tunnel, if it is to one of the service's hosts."""
        if not self._opens_tunnel():
            super().on_upgrade(rest)
        elif self._head <= MAX_HEAD:
            self._head = 0
            self._open(self.url.decode("latin-1"), early=rest)

    def _opens_tunnel(self) -> bool:
        return bool(self.parser.get_method() == b"CONNECT")

    def _open(self, target: str, *, early: bytes) -> None:
        name = self._proxy.admit(target)
        if name is None:
            refusal = self._proxy.keep_away(target, method="CONNECT", headers=self.headers)
            self.transport.write(
                b"HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain; charset=utf-8\r\n"
                b"connection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(refusal), refusal)
            )
            self.transport.close()
        elif early:
            self.transport.write(_TOO_EARLY)
            self.transport.close()
        else:
            self.stop_watching()
            self.transport.write(_CONNECTED)
            leave = partial(self._proxy.note_leaving, name, self.headers)
            tunnel = _Tunnel(name, leave, **self._settings)
            if target.endswith(f":{_PLAIN}"):
                self.connections.discard(self)
                self.transport.set_protocol(tunnel)
                tunnel.connection_made(self.transport)
            else:
                self.transport.pause_reading()
                task = self.loop.create_task(self._secure(tunnel, name))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)

    async def _secure(self, tunnel: "_Tunnel", name: str) -> None:
        """Give the tunnel's protocol the connection with TLS on it."""
        try:
            transport = await self.loop.start_tls(
                self.transport,
                tunnel,
                self._proxy.tls,
                server_side=True,
                ssl_handshake_timeout=PATIENCE,
            )
        except ssl.SSLError as error:
            self._proxy.note_failure(name, error, self.headers)
            return
        except OSError:
            transport = None  # the client has gone, or was silent for too long
        finally:
            self.connections.discard(self)
        if transport is not None and not transport.is_closing():
            tunnel.connection_made(transport)
        elif not tunnel.asked:
            tunnel.leave()


class _Tunnel(Protocol):
    """What a client says in a tunnel to `target`; if that is nothing, `leave` is called at its end.

    The event loop hands over what follows the handshake, and the end, before the transport.
    """

    def __init__(self, target: str, leave: Callable[[], None], **settings: Any) -> None:
        super().__init__(**settings)
        self._target = target
        self.leave = leave
        self.asked = False
        self._made = False
        self._early = b""

    def extensions(self) -> dict[str, Any]:
        return {**super().extensions(), TARGET: self._target}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._made = True
        if self._early:
            self.data_received(self._early)

    def data_received(self, data: bytes) -> None:
        self.asked = True
        if self._made:
            super().data_received(data)
        else:
            self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        if self._made:
            if not self.asked:
                self.leave()
            super().connection_lost(exc)


def _split(target: str) -> tuple[str, str]:
    """Return name and port; an IPv6 address keeps its brackets."""
    name, colon, port = target.rpartition(":")
    return (name, port) if colon and not target.endswith("]") else (target, "")


def _agent(headers: _Fields) -> Headers:
    """Return who asks, and no more: other services' secrets may have any form and place."""
    return tuple(
        ("user-agent", value.decode("latin-1")) for name, value in headers if name == b"user-agent"
    )
