"""Where requests go: auth choices, base URLs, references to models."""

import warnings
from functools import partial
from typing import Any

from qwensim.catalog.rows import AuthChoiceRow
from qwensim.contract.answers import Broken, expect, expect_in, expect_that
from qwensim.contract.case import Case
from qwensim.contract.session import QUESTION, Session
from qwensim.errors import UsageError
from qwensim.provider import QwenProvider

_BASE_URLS = {
    "standard-china": "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "standard-global": "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "coding-china": "https://coding.dashscope.aliyuncs.com/v1",
    "coding-global": "https://coding-intl.dashscope.aliyuncs.com/v1",
}


def auth_choice(session: Session) -> None:
    """Follow the host's auth choice."""
    _expect_home(session, session.provider(auth_choice=_choice(session).id))


def legacy_auth_choice(session: Session) -> None:
    """Follow the deprecated name of the host's auth choice."""
    (name,) = _choice(session).legacy
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        provider = session.provider(auth_choice=name)
    expect("warnings", [DeprecationWarning], [warning.category for warning in seen])
    expect_in("the warning", repr(_choice(session).id), str(seen[0].message))
    _expect_home(session, provider)


def base_url(session: Session, spell: Any) -> None:
    """Follow the host's base URL in another spelling."""
    _expect_home(session, session.provider(base_url=spell(session.host.base_url)))


def base_url_wins(session: Session) -> None:
    """Follow the base URL, though the auth choice is that of another host."""
    others = session.catalog.auth_choices.values()
    other = next(row.id for row in others if row.host != session.host.name)
    provider = session.provider(auth_choice=other, base_url=session.host.base_url)
    _expect_home(session, provider)


def default_endpoint(session: Session) -> None:
    """Follow nothing."""
    _expect_home(session, session.provider(base_url=None))


def model_ref(session: Session, prefix: str) -> None:
    """Ask for the model under a provider's name."""
    reply = session.provider().chat(f"{prefix}{session.model}", QUESTION, thinking="off")
    expect("model sent", session.model, session.body_sent["model"])
    expect("model named in the reply", session.model, reply.model)


def foreign_ref(session: Session) -> None:
    """Refuse another provider's name, saying how to write it."""
    provider = session.provider()
    try:
        seen = provider.chat(f"dashscope/{session.model}", QUESTION, thinking="off")
    except UsageError as error:
        expect_in("the refusal", f"qwen/{session.model}", str(error))
    else:
        raise Broken("reference", "refused", seen)
    expect("requests sent", 0, len(session.sent))
    provider.chat(f"qwen/{session.model}", QUESTION, thinking="off")


def _expect_home(session: Session, provider: QwenProvider) -> None:
    """See that the provider knows the endpoint for what it is, and reaches it."""
    host, endpoint = session.host, provider.endpoint
    expect("base URL", _BASE_URLS[f"{host.plan}-{host.region}"], endpoint.base_url)
    expect("plan", host.plan, endpoint.plan)
    expect("region", host.region, endpoint.region)
    expect_that("native", "the service's own host", endpoint.native, endpoint)
    reply = provider.chat(f"qwen/{session.model}", QUESTION, thinking="off")
    expect_that("reply", "some text", reply.content, reply)
    expect("address", f"{endpoint.base_url}/chat/completions", str(session.sent[-1].url))
    expect("requests sent", 1, len(session.sent))


def _choice(session: Session) -> AuthChoiceRow:
    choices = session.catalog.auth_choices.values()
    return next(row for row in choices if row.host == session.host.name)


def _with_port(url: str) -> str:
    return url.replace(".com/", ".com:443/")


def _with_dot(url: str) -> str:
    return url.replace(".com/", ".com./")


_SPELLINGS = {
    "as-it-is": str,
    "upper-case": str.upper,
    "trailing-slashes": "{}//".format,
    "port": _with_port,
    "trailing-dot": _with_dot,
}

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
        for name, spell in _SPELLINGS.items()
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
