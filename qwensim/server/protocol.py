"""uvicorn's HTTP protocol with a way for the app to hang up."""

from functools import partial
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HANG_UP = "qwensim.hang_up"
"""The ASGI scope's extension: a callable that closes the connection, whatever has been sent.

What has been sent still arrives. Without it an app that breaks off is reported as faulty, and one
that has sent nothing gets a 500 sent for it.
"""


class Protocol(HttpToolsProtocol):
    """Offers `HANG_UP`, and does not wait for open answers when the server stops."""

    def on_headers_complete(self) -> None:
        """Put the extension into the scope of the request, whose task has yet to start."""
        super().on_headers_complete()
        scope = cast("dict[str, Any]", self.scope)
        scope["extensions"] = {HANG_UP: partial(_hang_up, self.cycle)}

    def shutdown(self) -> None:
        """Break the connection at once: a paced stream could go on for minutes."""
        self.transport.abort()


def _hang_up(cycle: RequestResponseCycle) -> None:
    cycle.disconnected = True
    cycle.transport.close()
