"""Puts a fake in the place of the network, through respx.

respx patches the connection pools of httpcore and httpcore2, for the whole process, as long as a
router is started. Of several fakes that are there at once, the one answers that the calling thread
or task put there last; where it put none (a worker thread), the one that came last.
"""

import contextlib
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Final, cast

import httpx
import respx
from respx.mocks import HTTPCoreMocker, Mocker
from respx.models import AllMockedAssertionError, PassThrough

from qwensim.fake import Fake
from qwensim.mocking.mocker import HTTPCore2Mocker
from qwensim.transport import transport

_HERE: Final[ContextVar[Fake | None]] = ContextVar("qwensim", default=None)
"""The fake that this thread or task put in place last."""

_PATCHING: Final = threading.Lock()
"""Held while respx patches: two threads must not do and undo it at the same time."""


@contextlib.contextmanager
def intercept(fake: Fake) -> Iterator[None]:
    """Let `fake` answer the requests to the service's hosts while the context lasts.

    Requests to other hosts pass if the fake allows them, and are a `ConnectError` if not.
    """
    with contextlib.ExitStack() as routers:
        for mocker in (HTTPCoreMocker, HTTPCore2Mocker):
            routers.enter_context(_Router(fake, mocker))
        before = _HERE.get()
        _HERE.set(fake)
        try:
            yield
        finally:
            if _HERE.get() is fake:
                _HERE.set(before)


class _Router(respx.MockRouter):
    """Answers without routes, and leaves the remembering to the journal."""

    def __init__(self, fake: Fake, mocker: type[Mocker]) -> None:
        super().__init__(assert_all_called=False, using=mocker.name)
        self._fake = fake
        self._all = mocker.routers
        # The bare handler: vcrpy records the transport's methods, and the client's own before that.
        self._answer = transport(fake.simulator, httpx).handler

    def start(self) -> None:
        with _PATCHING:
            super().start()

    def stop(self, clear: bool = True, reset: bool = True, quiet: bool = False) -> None:  # noqa: FBT001, FBT002 - respx's signature
        with _PATCHING:
            super().stop(clear=clear, reset=reset, quiet=quiet)

    def handler(self, request: httpx.Request) -> httpx.Response:
        """Answer, let pass, refuse, or leave the request to the next router."""
        host = request.url.host.removesuffix(".")
        if self._fake is not self._answering():
            raise AllMockedAssertionError(f"{host} is another fake's to answer")
        if host in self._fake.simulator.catalog.host_names:
            return cast("httpx.Response", self._answer(request))
        if self._fake.allows(host):
            raise PassThrough(f"{host} is allowed", request=request, origin=respx.Route())
        later = self._all[self._all.index(self) + 1 :]
        if any(not isinstance(router, _Router) for router in later):
            raise AllMockedAssertionError(f"{host} is left to a router that was started later")
        raise httpx.ConnectError(self._fake.refuse(host))

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        """Do as `handler` does: nothing here blocks."""
        return self.handler(request)

    def _answering(self) -> Fake:
        """Return the fake whose turn it is."""
        fakes = [router._fake for router in self._all if isinstance(router, _Router)]  # noqa: SLF001
        here = _HERE.get()
        return here if here in fakes else fakes[-1]
