"""Which models a plan and region have, and what the client advises about those that they lack."""

from functools import partial

from qwensim.contract import page
from qwensim.contract.answers import Broken, expect, expect_in, expect_that, failure
from qwensim.contract.case import Case
from qwensim.contract.refusals import expect_refusal, refused, words
from qwensim.contract.session import QUESTION, Session
from qwensim.provider import (
    AccessError,
    ModelNotOnPlanError,
    NotFoundError,
    OverdueError,
    ProviderError,
    UnknownModelError,
)


def serves(session: Session) -> None:
    """Ask the model."""
    body = session.ask().ok().json()
    expect("model named in the answer", session.model, body.get("model"))


def lacks(session: Session) -> None:
    """Ask for a model that the host does not have."""
    unknown = session.catalog.plans[session.host.plan].unknown_model
    refused(session, unknown, values={"model": session.model})
    refused(session, unknown, values={"model": session.model}, stream=True)


def not_on_plan(session: Session) -> None:
    """Let the client tell of a model that the plan does not have."""
    provider = session.provider()
    error = failure(
        ModelNotOnPlanError, lambda: provider.chat(f"qwen/{session.model}", QUESTION, stream=True)
    )
    expect("model sent", f"model `{session.model}` is not supported.", error.message)
    expect("status", 400, error.status)
    standard = page.ENDPOINTS["standard", session.host.region]
    for part in (session.model, standard.base_url, standard.auth_choice):
        expect_in("advice", part, error.advice)
    expect("requests sent", 1, len(session.sent))


def unknown_model(session: Session) -> None:
    """Let the client tell of a model that nobody has."""
    error = failure(UnknownModelError, lambda: session.provider().chat(session.model, QUESTION))
    expect(
        "the service's words", words(session, "unknown-model", model=session.model), error.message
    )
    expect("status", 404, error.status)
    expect("code", "model_not_found", error.code)
    expect("requests sent", 1, len(session.sent))


def enabled(session: Session) -> None:
    """Ask for a model that the account has beyond its plan."""
    session.service.account(key=session.key, plan=session.host.plan, models=(session.model,))
    reply = session.provider().chat(f"qwen/{session.model}", QUESTION)
    expect("model named in the reply", session.model, reply.model)


def account(session: Session, kind: type[ProviderError], error: str, **state: object) -> None:
    """Ask with a key whose account is in a bad way; the client does not try again."""
    session.service.account(key=session.key, plan=session.host.plan, **state)
    refused(session, error)
    seen = failure(kind, lambda: session.provider().chat(session.model, QUESTION))
    expect("the service's words", words(session, error), seen.message)
    expect("attempts of the client", 1, len(session.sent) - 1)


def no_chat_model(session: Session) -> None:
    """Chat with a model of another surface."""
    refused(
        session,
        "model-not-compatible",
        values={"model": "text-embedding-v4"},
        model="text-embedding-v4",
    )


def no_client(session: Session) -> None:
    """Call without a User-Agent; then with one."""
    answer = session.send(headers={"user-agent": ""}, json=session.body(enable_thinking=False))
    expect_refusal(session, answer, "plan-client-refused")
    session.ask("And with a name?", enable_thinking=False).ok()


def listed(session: Session) -> None:
    """List the models, where the plan has a list of them."""
    if "models" not in session.catalog.plans[session.host.plan].routes:
        expect_refusal(session, session.send("/models", method="GET"), "not-found")
        failure(NotFoundError, session.provider().models)
        return
    body = session.send("/models", method="GET").ok().json()
    expect("object", "list", body.get("object"))
    data = body.get("data")
    if not isinstance(data, list):
        raise Broken("data", "a list", data)
    expect_that("data", "models", all(row.get("object") == "model" for row in data), data)
    expect_in("ids", session.model, [row.get("id") for row in data])
    expect_in("ids of the client", session.model, session.provider().models())


CASES = (
    *(
        Case(
            id=f"serves-{model.id.lower()}",
            title=f"{model.id} answers where it is served",
            holds="page 9; wire G",
            models=(model.id,),
            run=serves,
        )
        for model in page.MODELS
    ),
    *(
        Case(
            id=f"lacks-{name.lower()}",
            title=f"{name} is refused where it is not served, in the service's words",
            holds="page 10 and 21; wire B and C: unknown model",
            absent=name,
            run=lacks,
        )
        for name in ("qwen3.6-plus", "MiniMax-M2.5", "glm-5", "glm-4.7", "kimi-k2.5")
    ),
    Case(
        id="lacks-unheard-of",
        title="a model that nobody has heard of is refused",
        holds="wire B and C: unknown model",
        absent="qwen-unheard-of",
        run=lacks,
    ),
    Case(
        id="model-not-on-plan",
        title="an explicit model is sent; refused, the client points to the Standard endpoint",
        holds="page 11 and 12",
        plans=("coding",),
        absent="qwen3.6-plus",
        run=not_on_plan,
    ),
    Case(
        id="model-enabled-on-plan",
        title="an explicit model is served where the account has it",
        holds="page 11",
        plans=("coding",),
        absent="qwen3.6-plus",
        needs=frozenset({"account"}),
        run=enabled,
    ),
    Case(
        id="model-unknown",
        title="the client knows an unknown model for what it is",
        holds="page 21",
        plans=("standard",),
        absent="qwen-unheard-of",
        run=unknown_model,
    ),
    Case(
        id="model-of-other-surface",
        title="a model that does not chat is refused",
        holds="wire B: model not in compat mode",
        plans=("standard",),
        run=no_chat_model,
    ),
    Case(
        id="model-not-purchased",
        title="a model that the account has not purchased is refused",
        holds="wire B: not purchased",
        needs=frozenset({"account"}),
        run=partial(account, kind=AccessError, error="not-purchased", denied=("qwen3.5-plus",)),
    ),
    Case(
        id="account-overdue",
        title="an account with a debt is refused",
        holds="wire B: overdue",
        needs=frozenset({"account"}),
        run=partial(account, kind=OverdueError, error="overdue", state="overdue"),
    ),
    Case(
        id="free-tier-used-up",
        title="a free tier that is used up is told",
        holds="wire B: free tier spent",
        needs=frozenset({"account"}),
        run=partial(
            account, kind=AccessError, error="free-tier-used-up", state="free-tier-used-up"
        ),
    ),
    Case(
        id="client-without-name",
        title="the Coding Plan refuses a client without a User-Agent",
        holds="wire C: client check; goose#8005",
        plans=("coding",),
        run=no_client,
    ),
    Case(
        id="models-list",
        title="Standard hosts list their models; on the Coding Plan nothing is found",
        holds="wire F: GET /models; wire C: routes of the plan",
        run=listed,
    ),
)
