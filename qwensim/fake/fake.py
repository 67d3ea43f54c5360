"""`Fake`: what a test holds of the service, whatever carries the requests to it."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from qwensim.catalog import Redactor
from qwensim.errors import UsageError
from qwensim.fake.expectations import describe_nearest, line_of, matching, written
from qwensim.fields import check_kind
from qwensim.simulator import Account, Entry, Fault, Script, Simulator, VirtualClock
from qwensim.simulator.faults import Kind
from qwensim.verdict import Verdict, check_names, judge


class Fake:
    """Sets what the service says, and tells what it was asked.

    `simulator` defaults to a new one. `strict`: a reply that no script gave is a problem. `allow`
    are hosts to which requests may pass, as for the method of that name.
    """

    def __init__(
        self,
        simulator: Simulator | None = None,
        *,
        strict: bool = False,
        allow: Iterable[str] = (),
    ) -> None:
        check_kind("simulator", simulator, Simulator | None, "a Simulator")
        check_kind("strict", strict, bool, "True or False")
        self.simulator = simulator if simulator is not None else Simulator()
        """The service itself."""
        self._strict = strict
        self._allowed: list[str] = []
        self._refused: dict[str, int] = {}
        if isinstance(allow, str):
            raise UsageError(f"allow must be a list of hosts, not the string {allow!r}")
        check_kind("allow", allow, Iterable, "a list of hosts")
        for host in allow:
            self.allow(host)

    def script(self, script: Script | str | None = None, **fields: Any) -> Script:
        """Set a scripted reply: a `Script`, a text, or fields, as `Simulator.script` does."""
        return self.simulator.script(script, **fields)

    def fault(self, fault: Fault | Kind, **fields: Any) -> Fault:
        """Arm a fault: a `Fault`, or its kind and fields, as `Simulator.fault` does."""
        return self.simulator.fault(fault, **fields)

    def account(self, account: Account | None = None, **fields: Any) -> Account:
        """Add an account, from which on only accounts' keys work, as `Simulator.account` does."""
        return self.simulator.account(account, **fields)

    def advance(self, seconds: float) -> None:
        """Move the service's clock forward.

        Raises `UsageError` if that clock goes by itself, and for a negative number.
        """
        clock = self.simulator.clock
        if not isinstance(clock, VirtualClock):
            raise UsageError(
                f"only a VirtualClock can be moved, and this simulator has a {type(clock).__name__}"
            )
        clock.advance(seconds)

    @property
    def requests(self) -> tuple[Entry, ...]:
        """The requests so far, oldest first, without secrets; the journal keeps the last 1,000."""
        return self.simulator.journal.matching(lambda entry: entry.arrived)

    def allow(self, host: str) -> None:
        """Let requests to a host out of the process; `*` and `?` match as in a shell.

        Raises `UsageError` for a host of the service: those the fake answers.
        """
        check_kind("a host to allow", host, str, "a text")
        host = host.lower().removesuffix(".")
        if host in self.simulator.catalog.host_names:
            raise UsageError(f"{host} is the service's own host: the fake answers for it")
        self._allowed.append(host)

    def allows(self, host: str) -> bool:
        """Return whether requests to a host may pass."""
        return any(fnmatchcase(host, allowed) for allowed in self._allowed)

    def refuse(self, host: str) -> str:
        """Note a refused request and return what its client is told."""
        host = Redactor(self.simulator.catalog).text(host)
        self._refused[host] = self._refused.get(host, 0) + 1
        known = ", ".join(self.simulator.catalog.hosts)
        return (
            f"{host} is refused: qwensim answers for {known} and connects to no other host "
            f"unless told so: allow({host!r})"
        )

    def assert_requested(self, *, times: int | None = None, **expected: Any) -> tuple[Entry, ...]:
        """Assert that there was a request, or exactly `times`, and return those that match.

        Conditions by name: `method`, `host`, `path`, `query`, `status`, `error`, `fault` and
        `scripted` are those of `Entry`; `thinking` is the flag, `last_user` stands in the text of
        the last user message; any other is a field of the body. In `model` and `host` `*` and `?`
        match as in a shell, a compiled pattern is searched, None means absent or null.
        """
        __tracebackhide__ = True
        if times is not None and not (isinstance(times, int) and times >= 0):
            raise UsageError(f"times must be 0 or more, or None for any, not {times!r}")
        requests = self.requests
        found = matching(requests, expected)
        if len(found) == times or (found and times is None):
            return found
        lines = [
            f"expected {_counted(times)} with {written(expected)}"
            if expected
            else f"expected {_counted(times)}",
            f"found {len(found)} of {len(requests)} so far",
            *(f"  {line_of(entry)}" for entry in found),
        ]
        if times is None or len(found) < times:
            lines += describe_nearest(requests, expected)
        raise AssertionError("\n".join(lines))

    def assert_not_requested(self, **expected: Any) -> None:
        """Assert that no request matches; the conditions are those of `assert_requested`."""
        __tracebackhide__ = True
        self.assert_requested(times=0, **expected)

    def verdict(self, *, timed: bool | None = None) -> Verdict:
        """Return what the requests so far tell of the client.

        `timed`: it waits on the service's clock, and rules about times are judged; by default it
        does where that clock goes by itself.
        """
        return self._judged(self.requests, timed=timed)

    def assert_client_behaves(
        self, *, allow: Collection[str] = (), timed: bool | None = None
    ) -> None:
        """Assert that the client broke no rule of the verdict, but for those that are allowed.

        `timed` is as for `verdict`. Raises `UsageError` for a rule that does not exist.
        """
        __tracebackhide__ = True
        _assert_passed(self.verdict(timed=timed), allow)

    @contextmanager
    def judging(self, *, allow: Collection[str] = (), timed: bool | None = None) -> Iterator[None]:
        """Assert that the client behaves within a block, by its requests and by how the block ends.

        Let the client's errors out of the block: one that ends without an error though a stream was
        broken off took a part for the whole. `allow` and `timed` are as for
        `assert_client_behaves`.
        """
        __tracebackhide__ = True
        check_names(allow)
        last = max((entry.number for entry in self.requests), default=0)
        try:
            yield
        except Exception as error:
            verdict = self._judged(self._since(last), timed=timed, returned=())
            _assert_passed(verdict, allow, cause=error)
            raise
        made = self._since(last)
        returned = [entry.number for entry in made]
        _assert_passed(self._judged(made, timed=timed, returned=returned), allow)

    def _since(self, last: int) -> list[Entry]:
        return [entry for entry in self.requests if entry.number > last]

    def _judged(
        self,
        entries: Iterable[Entry],
        *,
        timed: bool | None,
        returned: Collection[int] | None = None,
    ) -> Verdict:
        if timed is None:
            timed = not isinstance(self.simulator.clock, VirtualClock)
        return judge(entries, self.simulator.catalog, timed=timed, returned=returned)

    def problems(self, *, strict: bool | None = None) -> list[str]:
        """Return, in a line each, what should not be left at the end of a test.

        Scripts that have replies left, hosts that were refused, clients that a proxy turned away
        and, if `strict` (default: as the fake was made), requests to which the model replied
        without a script.
        """
        redactor = Redactor(self.simulator.catalog)
        lines = [
            f"script not used up: {redactor.text(written(_set_fields(script)))}"
            for script in self.simulator.unused_scripts
        ]
        lines += [
            f"host refused: {host} (requests: {count}); allow({host!r}) would let them pass"
            for host, count in self._refused.items()
        ]
        turned_away = self.simulator.journal.matching(lambda entry: not entry.arrived)
        lines += [
            f"{error}: {host}, by the proxy (requests: {count})"
            for (error, host), count in Counter(
                (entry.error, entry.host) for entry in turned_away
            ).items()
        ]
        if self._strict if strict is None else strict:
            lines += [
                f"no script matched: {line_of(entry)}, model {entry.model}"
                for entry in self.requests
                if entry.usage is not None and not entry.scripted
            ]
        return lines


class ServedFake(Fake):
    """A fake behind a socket."""

    def __init__(
        self,
        simulator: Simulator,
        *,
        strict: bool = False,
        url: str,
        base_urls: Mapping[str, str],
    ) -> None:
        super().__init__(simulator, strict=strict)
        self.url = url
        """`http://HOST:PORT`, without a path."""
        self.base_urls = base_urls
        """For each host of the service the base URL to give an OpenAI client in its place."""


class ProxiedFake(Fake):
    """A fake behind a proxy, under the service's own host names."""

    def __init__(self, simulator: Simulator, *, strict: bool = False, url: str) -> None:
        super().__init__(simulator, strict=strict)
        self.url = url
        """The proxy's, `http://HOST:PORT`, which the environment names."""


def _assert_passed(
    verdict: Verdict, allow: Collection[str], *, cause: Exception | None = None
) -> None:
    __tracebackhide__ = True
    if lines := verdict.lines(allow=allow):
        message = "\n".join(["the client does not behave", *lines])
        raise AssertionError(message) from cause


def _counted(times: int | None) -> str:
    match times:
        case None:
            return "a request"
        case 0:
            return "no request"
        case 1:
            return "1 request"
        case _:
            return f"{times} requests"


def _set_fields(script: Script) -> dict[str, Any]:
    """Return the fields that are not as by default."""
    plain = msgspec.structs.asdict(Script())
    fields = msgspec.structs.asdict(script)
    return {name: value for name, value in fields.items() if value != plain[name]}
