"""One conversation with one host of a target, in which a case sees its promise kept."""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import httpx2

from qwensim.catalog import Catalog
from qwensim.catalog.rows import HostRow
from qwensim.contract.answers import Answer
from qwensim.provider import ChatStream, QwenProvider, Reply

QUESTION = "Say hello in one word."

_PATIENCE = 300.0
"""Seconds; the service itself gives up after so many."""


class Service(Protocol):
    """What can be arranged with a target, as with `qwensim.simulator.Simulator`."""

    def script(self, script: Any = None, **fields: Any) -> object:
        """Let the model's next answer be this one."""
        ...

    def fault(self, fault: Any, **fields: Any) -> object:
        """Let the next exchange go wrong."""
        ...

    def account(self, account: Any = None, **fields: Any) -> object:
        """Let a key be known, and no other."""
        ...


class Session:
    """A client of one host. Requests go to the service's own host names, wherever these lead."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        host: HostRow,
        model: str,
        key: str,
        service: Service,
        transport: httpx2.BaseTransport,
        sleep: Callable[[float], object],
    ) -> None:
        self.catalog, self.host, self.model, self.key = catalog, host, model, key
        self.service = service
        self.sent: list[httpx2.Request] = []
        """Every request that left, those of the provider too."""
        self.waits: list[float] = []
        """The seconds that the provider waited between its attempts."""
        self._sleep = sleep
        self._transport = transport
        self._client = self._client_on(transport)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @property
    def body_sent(self) -> dict[str, Any]:
        """The body of the last request that left."""
        body: dict[str, Any] = json.loads(self.sent[-1].content)
        return body

    def provider(self, **options: Any) -> QwenProvider:
        """Return the real client for the host; `options` are those of `QwenProvider`."""
        if not {"base_url", "auth_choice"} & set(options):
            options["base_url"] = self.host.base_url
        return QwenProvider(**{"api_key": self.key, "environ": {}, **self.settings, **options})

    @property
    def settings(self) -> dict[str, Any]:
        """What every provider has of the session: the catalogue, connections, how it waits."""
        return {
            "catalog": self.catalog,
            "http_client": self._client,
            "sleep": self._wait,
            "jitter": lambda: 0.5,
        }

    @contextlib.contextmanager
    def gateway(self, base_url: str) -> Iterator[httpx2.Client]:
        """Give connections with a gateway of another name, which passes on to the host."""
        with self._client_on(Rerouted(self._transport, {base_url: self.host.base_url})) as client:
            yield client

    @contextlib.contextmanager
    def foreign(self, base_url: str) -> Iterator[QwenProvider]:
        """Give the real client for such a gateway."""
        with self.gateway(base_url) as client:
            yield self.provider(base_url=base_url, http_client=client)

    def ask(self, messages: Any = QUESTION, **fields: Any) -> Answer:
        """Send a chat request, as plain JSON; a field that is None is left out."""
        body = self.body(messages, **fields)
        return self.send(json={name: value for name, value in body.items() if value is not None})

    def body(self, messages: Any = QUESTION, **fields: Any) -> dict[str, Any]:
        """Return the body of a chat request; a string is what the user says."""
        if isinstance(messages, str):
            messages = [{"role": "user", "content": messages}]
        return {"model": self.model, "messages": messages, **fields}

    def send(
        self,
        path: str = "/chat/completions",
        *,
        method: str = "POST",
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> Answer:
        """Send a request below the base path and return the answer.

        `key` is the session's unless given; None sends no Authorization.
        """
        url = f"{self.host.base_url}{path}"
        return self._request(method, url, key, headers, content)

    def call(
        self,
        path: str,
        *,
        method: str = "POST",
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> Answer:
        """Send a request to a path of the host itself, as those of the native API are."""
        return self._request(method, f"https://{self.host.name}{path}", key, headers, content)

    def fetch(self, url: str) -> Answer:
        """Read an address that the service gave, without a key."""
        return self._request("GET", url, None, None, {})

    def pause(self, seconds: float) -> None:
        """Let time pass; where it need not be waited for, nobody waits."""
        self._sleep(seconds)

    def _request(
        self,
        method: str,
        url: str,
        key: str | None,
        headers: Mapping[str, str] | None,
        content: Mapping[str, Any],
    ) -> Answer:
        given = {} if key is None else {"authorization": f"Bearer {key or self.key}"}
        return Answer(
            self._client.request(method, url, headers={**given, **(headers or {})}, **content)
        )

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._sleep(seconds)

    def _client_on(self, transport: httpx2.BaseTransport) -> httpx2.Client:
        return httpx2.Client(
            transport=_Unclosed(transport),
            timeout=_PATIENCE,
            event_hooks={"request": [self.sent.append]},
        )


def read(stream: ChatStream) -> Reply:
    """Read a stream of the real client to its end."""
    with stream:
        for _ in stream:
            pass
    return stream.reply


class Rerouted(httpx2.BaseTransport):
    """Sends requests for one base URL to another, and all others as they are."""

    def __init__(self, inner: httpx2.BaseTransport, routes: Mapping[str, str]) -> None:
        self._inner = inner
        self._routes = routes

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request."""
        url = str(request.url)
        for base_url, other in self._routes.items():
            if url == base_url or url.startswith((f"{base_url}/", f"{base_url}?")):
                request = _moved(request, other + url.removeprefix(base_url))
                break
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class _Unclosed(httpx2.BaseTransport):
    """Lends a transport to a client that closes what it has."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self._inner.handle_request(request)


def _moved(request: httpx2.Request, url: str) -> httpx2.Request:
    target = httpx2.URL(url)
    headers = request.headers.copy()
    headers["host"] = target.netloc.decode("ascii")
    return httpx2.Request(
        request.method,
        target,
        headers=headers,
        stream=request.stream,
        extensions=request.extensions,
    )
