"""uvicorn's HTTP protocol with a way for the app to hang up, and without other protocols."""

from functools import partial
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HANG_UP = "qwensim.hang_up"
"""The ASGI scope's extension: a callable that closes the connection, whatever has been sent.

What has been sent still arrives. Without it an app that breaks off is reported as faulty, and one
that has sent nothing gets a 500 sent for it.
"""


class _Parser(httptools.HttpRequestParser):
    """Reads a request that offers an upgrade as if it offered none.

    The HTTP client of the JDK offers h2c with each request. By itself the parser takes what follows
    such a head for the other protocol: the body would be lost.
    """

    def __init__(self, protocol: "Protocol") -> None:
        super().__init__(protocol)
        self._protocol = protocol
        # As uvicorn has it: the first of several requests on a connection is answered.
        self.set_dangerous_leniencies(lenient_data_after_close=True)

    def feed_data(self, data: Any) -> None:
        """Feed data; after an upgrade is offered, a new parser has the request from its start."""
        try:
            super().feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._protocol.is_offered_upgrade():  # and is no CONNECT
                self._protocol.decline_upgrade(data[upgrade.args[0] :])


class Protocol(HttpToolsProtocol):
    """Offers `HANG_UP`, declines upgrades, and does not wait for open answers when it stops."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parser = _Parser(self)

    def on_headers_complete(self) -> None:
        """Put the extension into the scope of the request, whose task has yet to start."""
        if self.is_offered_upgrade():
            return
        super().on_headers_complete()
        scope = cast("dict[str, Any]", self.scope)
        scope["extensions"] = {HANG_UP: partial(_hang_up, self.cycle)}

    def on_message_complete(self) -> None:
        """Pass over the message if it will be read again."""
        if not self.is_offered_upgrade():
            super().on_message_complete()

    def is_offered_upgrade(self) -> bool:
        """Whether the request whose head is complete offers to speak another protocol."""
        return self.parser.should_upgrade() and any(name == b"upgrade" for name, _ in self.headers)

    def decline_upgrade(self, rest: bytes) -> None:
        """Read the request again without the offer; `rest` is what has come after its head."""
        method, version = self.parser.get_method(), self.parser.get_http_version()
        head = [b"%s %s HTTP/%s" % (method, self.url, version.encode("ascii"))]
        head += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        self.parser = _Parser(self)
        self.parser.feed_data(b"\r\n".join([*head, b"", rest]))

    def shutdown(self) -> None:
        """Break the connection at once: a paced stream could go on for minutes."""
        self.transport.abort()


def _hang_up(cycle: RequestResponseCycle) -> None:
    cycle.disconnected = True
    cycle.transport.close()
