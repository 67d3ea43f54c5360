"""The key of a configured provider: which of several arrives, and what is told of a wrong one."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from qwensim.contract.answers import Broken, expect, expect_in, expect_that, failure
from qwensim.contract.case import Case
from qwensim.contract.home import home
from qwensim.contract.refusals import words
from qwensim.contract.session import QUESTION, Session
from qwensim.contract.subjects.keys import OF_OTHER_PLAN, OTHER_REGION, VARIABLES
from qwensim.errors import UsageError
from qwensim.provider import AuthError
from qwensim.provider.openclaw import ConfiguredProvider

_PROFILE, _CONFIG = "auth profile qwen:default", "models.providers.qwen.apiKey"
_SOURCES = (_PROFILE, *VARIABLES, _CONFIG)
"""By precedence (openclaw 2026.5.18, measured)."""


def precedence(session: Session, source: str) -> None:
    """Have a good key in one source and bad ones in all later ones."""
    _, *later = _SOURCES[_SOURCES.index(source) :]
    bad = OF_OTHER_PLAN[session.host.plan]
    keys = {source: session.key, **dict.fromkeys(later, bad)}
    with home(session, _entry(session, **_api_key(keys.get(_CONFIG)))) as user:
        if _PROFILE in keys:
            user.keep_key(keys[_PROFILE])
        provider = user.provider(environ={name: keys[name] for name in VARIABLES if name in keys})
    _expect_source(provider, source)
    expect("sources that lose", len(later), len(provider.key.lost))
    for name, lost in zip(later, provider.key.lost, strict=True):
        expect_that("a source that loses", name, lost.startswith(name), lost)
    _expect_arrival(session, provider)


def env_file(session: Session) -> None:
    """Have the key in the file that a daemon reads."""
    with home(session, _entry(session)) as user:
        user.keep_variables(DASHSCOPE_API_KEY=session.key)
        provider = user.provider()
    _expect_source(provider, "DASHSCOPE_API_KEY (in ")
    expect_in("source", ".env", provider.key.source)
    _expect_arrival(session, provider)


def env_block(session: Session) -> None:
    """Have the key in the configuration's block of variables."""
    config = {**_entry(session), "env": {"MODELSTUDIO_API_KEY": session.key}}
    with home(session, config) as user:
        provider = user.provider()
    _expect_source(provider, "MODELSTUDIO_API_KEY (in ")
    _expect_arrival(session, provider)


def login_shell(session: Session) -> None:
    """Have the key in the login shell, which is asked only if the configuration says so."""

    def shell(_environ: Mapping[str, str], _timeout: float) -> Mapping[str, str]:
        return {"QWEN_API_KEY": session.key}

    config = _entry(session)
    with home(session, config) as user:
        failure(UsageError, lambda: user.provider(shell=shell))
        user.configure({**config, "env": {"shellEnv": {"enabled": True}}})
        provider = user.provider(shell=shell)
    _expect_source(provider, "QWEN_API_KEY (in the login shell)")
    _expect_arrival(session, provider)


def named_variable(session: Session) -> None:
    """Have the configuration name a variable, which holds the key."""
    with home(session, _entry(session, apiKey="${TEAM_KEY}")) as user:
        provider = user.provider(environ={"TEAM_KEY": session.key})
    _expect_source(provider, _CONFIG)
    _expect_arrival(session, provider)


def of_custom_provider(session: Session) -> None:
    """Have a custom provider with a key of its own: qwen's sources are none of its business."""
    bad = OF_OTHER_PLAN[session.host.plan]
    custom = {"baseUrl": session.host.base_url, "apiKey": session.key}
    with home(session, {"models": {"providers": {"bailian": custom}}}) as user:
        user.keep_key(bad)
        environ = dict.fromkeys(VARIABLES, bad)
        provider = user.provider(environ=environ, model=f"bailian/{session.model}")
    _expect_source(provider, "models.providers.bailian.apiKey")
    expect("sources that lose", (), provider.key.lost)
    _expect_arrival(session, provider)


def of_other_plan(session: Session) -> None:
    """Keep the other plan's key: refused in the plan's words, and its place is told."""
    bad = OF_OTHER_PLAN[session.host.plan]
    with home(session, _entry(session, apiKey=session.key)) as user:
        user.keep_key(bad)
        provider = user.provider()
    error = _expect_refused(session, provider, of=bad)
    expect_in("advice", _PROFILE, error.advice)
    own, other = (session.catalog.plans[name].title for name in _plans(session))
    expect_in("advice", f"is a {other} key", error.advice)
    expect_in("advice", f"takes {own} keys", error.advice)


def of_other_region(session: Session) -> None:
    """Configure the key of the other region: refused in the plan's words."""
    region = OTHER_REGION[session.host.region]
    session.service.account(key=session.key, plan=session.host.plan, region=region)
    with home(session, _entry(session, apiKey=session.key)) as user:
        provider = user.provider()
    error = _expect_refused(session, provider, of=session.key)
    expect_in("advice", "of its own region only", error.advice)


def none(session: Session) -> None:
    """Configure no key: every place that was looked at is named; then keep one."""
    with home(session, _entry(session)) as user:
        error = failure(UsageError, user.provider)
        for place in ("auth-profiles.json", *VARIABLES, ".env", _CONFIG):
            expect_in("the refusal", place, str(error))
        user.keep_key(session.key)
        _expect_arrival(session, user.provider())


def _entry(session: Session, **more: str) -> dict[str, Any]:
    return {"models": {"providers": {"qwen": {"baseUrl": session.host.base_url, **more}}}}


def _api_key(key: str | None) -> Mapping[str, str]:
    return {} if key is None else {"apiKey": key}


def _plans(session: Session) -> tuple[str, str]:
    return ("standard", "coding") if session.host.plan == "standard" else ("coding", "standard")


def _expect_source(provider: ConfiguredProvider, source: str) -> None:
    found = provider.key.source
    expect_that("source of the key", source, found.startswith(source), found)


def _expect_arrival(session: Session, provider: ConfiguredProvider) -> None:
    """See that the session's key arrives, for the first time, and is let in."""
    expect("requests sent before", 0, len(session.sent))
    reply = provider.chat(provider.model, QUESTION, thinking="off")
    expect_that("reply", "some text", reply.content, reply)
    _expect_sent(session, session.key)


def _expect_refused(session: Session, provider: ConfiguredProvider, *, of: str) -> AuthError:
    """See that the service refuses a key in its plan's words, and that no error shows it."""
    error = failure(AuthError, lambda: provider.chat(provider.model, QUESTION))
    wrong_key = session.catalog.plans[session.host.plan].wrong_key
    expect("the service's words", words(session, wrong_key), error.message)
    expect("status", session.catalog.errors[wrong_key].status, error.status)
    expect_in("advice", session.host.base_url, error.advice)
    expect_that("error", "without the key", of not in str(error), "the key")
    _expect_sent(session, of)
    return error


def _expect_sent(session: Session, key: str) -> None:
    if session.sent[-1].headers["authorization"] != f"Bearer {key}":
        raise Broken("key sent", "the one that wins", "another")
    expect("requests sent", 1, len(session.sent))


CASES = (
    *(
        Case(
            id=f"config-key-{name}",
            title=f"the key of {source} arrives, whatever later sources hold",
            holds="page 2; openclaw 2026.5.18",
            run=partial(precedence, source=source),
        )
        for name, source in zip(
            ("profile", "qwen", "modelstudio", "dashscope", "entry"), _SOURCES, strict=True
        )
    ),
    Case(
        id="config-key-env-file",
        title="a daemon finds the key in its own env file",
        holds="page 2; OpenClaw docs/help/environment",
        run=env_file,
    ),
    Case(
        id="config-key-env-block",
        title="the key may stand in the configuration's env block",
        holds="OpenClaw docs/help/environment",
        run=env_block,
    ),
    Case(
        id="config-key-login-shell",
        title="the login shell is asked for the key where shellEnv says so",
        holds="OpenClaw docs/help/environment",
        run=login_shell,
    ),
    Case(
        id="config-key-named-variable",
        title="an apiKey may name a variable",
        holds="OpenClaw docs/help/environment",
        run=named_variable,
    ),
    Case(
        id="config-key-custom-provider",
        title="a custom provider has its own key, and qwen's are not tried",
        holds="openclaw 2026.5.18",
        run=of_custom_provider,
    ),
    Case(
        id="config-key-of-other-plan",
        title="a configured key of the other plan is refused, and its place is told",
        holds="page 2 and 4; QwenLM/qwen-code#1919",
        run=of_other_plan,
    ),
    Case(
        id="config-key-of-other-region",
        title="a configured key of the other region is refused like a wrong one",
        holds="page 4; wire 0: region mix-ups",
        needs=frozenset({"account"}),
        run=of_other_region,
    ),
    Case(
        id="config-key-none",
        title="without a key nothing is sent, and the places to put one are named",
        holds="page 2",
        run=none,
    ),
)
