"""Who is let in: keys by form, plan and region, and what the client makes of a refusal."""

from functools import partial
from typing import Final

from qwensim.catalog.rows import Plan, Region
from qwensim.contract.answers import expect, expect_in, expect_that, failure
from qwensim.contract.case import Case
from qwensim.contract.refusals import expect_refusal, words
from qwensim.contract.session import QUESTION, Session
from qwensim.errors import UsageError
from qwensim.provider import AuthError

OF_OTHER_PLAN: Final[dict[Plan, str]] = {
    "standard": "sk-sp-of-the-coding-plan",
    "coding": "sk-of-the-standard-plan",
}
OTHER_REGION: Final[dict[Region, Region]] = {"china": "global", "global": "china"}
VARIABLES = ("QWEN_API_KEY", "MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY")


def missing(session: Session) -> None:
    """Send no key."""
    answer = session.send(key=None, json=session.body())
    expect_refusal(session, answer, session.catalog.plans[session.host.plan].missing_key)


def wrong(session: Session, key: str | None = None) -> None:
    """Send a key that cannot be right."""
    answer = session.send(key=key or OF_OTHER_PLAN[session.host.plan], json=session.body())
    expect_refusal(session, answer, session.catalog.plans[session.host.plan].wrong_key)


def unknown(session: Session) -> None:
    """Send a key of the right form that nobody has."""
    session.service.account(key=session.key, plan=session.host.plan)
    wrong(session, f"{session.key}-of-nobody")
    session.ask(enable_thinking=False).ok()


def other_region(session: Session) -> None:
    """Send a key that is good in the other region."""
    region = OTHER_REGION[session.host.region]
    session.service.account(key=session.key, plan=session.host.plan, region=region)
    wrong(session, session.key)


def revoked(session: Session) -> None:
    """Send a key that was good once."""
    session.service.account(key=session.key, plan=session.host.plan, state="revoked")
    wrong(session, session.key)


def before_the_body(session: Session) -> None:
    """Send a wrong key and a body that is none."""
    answer = session.send(key=OF_OTHER_PLAN[session.host.plan], content=b"{")
    expect_refusal(session, answer, session.catalog.plans[session.host.plan].wrong_key)


def advice(session: Session) -> None:
    """Let the client tell of a wrong key."""
    key = OF_OTHER_PLAN[session.host.plan]
    provider = session.provider(api_key=None, environ={"MODELSTUDIO_API_KEY": key})
    error = failure(AuthError, lambda: provider.chat(session.model, QUESTION))
    wrong_key = session.catalog.plans[session.host.plan].wrong_key
    expect("the service's words", words(session, wrong_key), error.message)
    expect("status", 401, error.status)
    expect_in("advice", "MODELSTUDIO_API_KEY", error.advice)
    expect_in("advice", session.host.base_url, error.advice)
    expect_that("error", "without the key", key not in str(error), "the key")
    expect("requests sent", 1, len(session.sent))


def variable(session: Session, name: str) -> None:
    """Take the key from a variable, with others behind it in the order."""
    later = VARIABLES[VARIABLES.index(name) + 1 :]
    environ = {name: session.key, **dict.fromkeys(later, "sk-of-a-later-variable")}
    provider = session.provider(api_key=None, environ=environ)
    provider.chat(session.model, QUESTION, thinking="off")
    sent = session.sent[-1].headers["authorization"]
    expect_that("key sent", f"that of {name}", sent == f"Bearer {session.key}", "another")


def none(session: Session) -> None:
    """Make a client without a key; then with one."""
    error = failure(UsageError, lambda: session.provider(api_key=None))
    for name in VARIABLES:
        expect_in("the refusal", name, str(error))
    expect("requests sent", 0, len(session.sent))
    session.provider().chat(session.model, QUESTION, thinking="off")


CASES = (
    Case(
        id="key-missing",
        title="a request without a key is refused",
        holds="wire B and C: no Authorization",
        run=missing,
    ),
    Case(
        id="key-malformed",
        title="what does not look like a key is refused",
        holds="wire B and C: wrong key",
        run=partial(wrong, key="not-a-key"),
    ),
    Case(
        id="key-of-other-plan",
        title="the other plan's key is refused",
        holds="wire B: sk-sp- key; QwenLM/qwen-code#1919",
        run=wrong,
    ),
    Case(
        id="key-unknown",
        title="a well-formed key that nobody has is refused",
        holds="wire B and C: wrong key",
        needs=frozenset({"account"}),
        run=unknown,
    ),
    Case(
        id="key-of-other-region",
        title="the other region's key is refused like a wrong one",
        holds="wire 0: region mix-ups",
        needs=frozenset({"account"}),
        run=other_region,
    ),
    Case(
        id="key-revoked",
        title="a revoked key is refused like a wrong one",
        holds="wire B and C: wrong key",
        needs=frozenset({"account"}),
        run=revoked,
    ),
    Case(
        id="key-before-body",
        title="the key is judged before the body",
        holds="wire B: gateway errors come first",
        run=before_the_body,
    ),
    Case(
        id="key-advice",
        title="the client tells where a wrong key came from, and never shows it",
        holds="openclaw/openclaw#51452",
        run=advice,
    ),
    *(
        Case(
            id=f"key-from-{name.lower().replace('_', '-')}",
            title=f"the key of {name} is used, before later variables",
            holds="page 2",
            run=partial(variable, name=name),
        )
        for name in VARIABLES
    ),
    Case(
        id="key-none",
        title="a client without a key names the variables and sends nothing",
        holds="page 2",
        run=none,
    ),
)
