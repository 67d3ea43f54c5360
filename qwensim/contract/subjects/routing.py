"""Where requests go: auth choices, base URLs, references to models."""

import warnings
from functools import partial
from typing import Any

from qwensim.contract import page
from qwensim.contract.answers import expect, expect_in, expect_that, failure
from qwensim.contract.case import Case
from qwensim.contract.session import QUESTION, Session
from qwensim.errors import UsageError
from qwensim.provider import QwenProvider


def auth_choice(session: Session) -> None:
    """Follow the host's auth choice."""
    expect_reached(session, session.provider(auth_choice=page.endpoint(session.host).auth_choice))


def legacy_auth_choice(session: Session) -> None:
    """Follow the deprecated name of the host's auth choice."""
    choice = page.endpoint(session.host)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        provider = session.provider(auth_choice=choice.legacy)
    expect("warnings", [DeprecationWarning], [warning.category for warning in seen])
    expect_in("the warning", repr(choice.auth_choice), str(seen[0].message))
    expect_reached(session, provider)


def base_url(session: Session, spell: Any) -> None:
    """Follow the host's base URL in another spelling."""
    expect_reached(session, session.provider(base_url=spell(session.host.base_url)))


def base_url_wins(session: Session) -> None:
    """Follow the base URL, though the auth choice is that of another host."""
    other = next(
        choice for choice in page.ENDPOINTS.values() if choice != page.endpoint(session.host)
    )
    provider = session.provider(auth_choice=other.auth_choice, base_url=session.host.base_url)
    expect_reached(session, provider)


def default_endpoint(session: Session) -> None:
    """Follow nothing."""
    expect_reached(session, session.provider(base_url=None))


def model_ref(session: Session, prefix: str) -> None:
    """Ask for the model under a provider's name."""
    reply = session.provider().chat(f"{prefix}{session.model}", QUESTION, thinking="off")
    expect("model sent", session.model, session.body_sent["model"])
    expect("model named in the reply", session.model, reply.model)


def foreign_ref(session: Session) -> None:
    """Refuse another provider's name, saying how to write it."""
    provider = session.provider()
    error = failure(UsageError, lambda: provider.chat(f"dashscope/{session.model}", QUESTION))
    expect_in("the refusal", f"qwen/{session.model}", str(error))
    expect("requests sent", 0, len(session.sent))
    provider.chat(f"qwen/{session.model}", QUESTION, thinking="off")


def expect_reached(session: Session, provider: QwenProvider) -> None:
    """See that a provider knows the session's endpoint for what it is, and reaches it."""
    host, endpoint = session.host, provider.endpoint
    expect("base URL", page.endpoint(host).base_url, endpoint.base_url)
    expect("plan", host.plan, endpoint.plan)
    expect("region", host.region, endpoint.region)
    expect_that("native", "the service's own host", endpoint.native, endpoint)
    before = len(session.sent)
    reply = provider.chat(f"qwen/{session.model}", QUESTION, thinking="off")
    expect_that("reply", "some text", reply.content, reply)
    expect("address", f"{endpoint.base_url}/chat/completions", str(session.sent[-1].url))
    expect("requests sent", 1, len(session.sent) - before)


def _with_port(url: str) -> str:
    return url.replace(".com/", ".com:443/")


def _with_dot(url: str) -> str:
    return url.replace(".com/", ".com./")


SPELLINGS = {
    "as-it-is": str,
    "upper-case": str.upper,
    "trailing-slashes": "{}//".format,
    "port": _with_port,
    "trailing-dot": _with_dot,
}
"""Ways to write one base URL."""

CASES = (
    Case(
        id="auth-choice",
        title="an auth choice leads to its plan's host in its region",
        holds="page 4",
        run=auth_choice,
    ),
    Case(
        id="auth-choice-legacy",
        title="a legacy auth choice leads to the same host, with a warning",
        holds="page 5",
        run=legacy_auth_choice,
    ),
    *(
        Case(
            id=f"base-url-{name}",
            title=f"a custom base URL is followed: {name.replace('-', ' ')}",
            holds="page 8",
            run=partial(base_url, spell=spell),
        )
        for name, spell in SPELLINGS.items()
    ),
    Case(
        id="base-url-wins",
        title="a base URL wins over an auth choice",
        holds="page 8",
        run=base_url_wins,
    ),
    Case(
        id="default-endpoint",
        title="without a choice requests go to the Coding Plan (Global)",
        holds="page 4",
        plans=("coding",),
        region="global",
        run=default_endpoint,
    ),
    *(
        Case(
            id=f"model-ref-{prefix.rstrip('/') or 'bare'}",
            title=f"a model may be called {prefix}MODEL",
            holds="page 1",
            run=partial(model_ref, prefix=prefix),
        )
        for prefix in ("qwen/", "modelstudio/", "qwencloud/", "")
    ),
    Case(
        id="model-ref-foreign",
        title="another provider's reference is refused and never sent",
        holds="page 1",
        run=foreign_ref,
    ),
)
