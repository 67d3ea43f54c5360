"""The models of a configured provider: what is listed, what is sent, and what the host has."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from qwensim.contract import page
from qwensim.contract.answers import expect, expect_in, failure
from qwensim.contract.case import Case
from qwensim.contract.home import Home, home
from qwensim.contract.refusals import words
from qwensim.contract.session import QUESTION, Session
from qwensim.provider import ModelNotOnPlanError, UnknownModelError
from qwensim.provider.openclaw import ConfiguredProvider, catalogue


def listed(session: Session) -> None:
    """List what the configuration has: the plan's catalogue. Ask for its default."""
    with home(session, _config(session)) as user:
        expect("models listed", [row.id for row in page.models(session.host.plan)], _listed(user))
        provider = user.provider()
    reply = provider.chat(provider.model, QUESTION, thinking="off")
    expect("model sent", page.DEFAULT_MODEL, session.body_sent["model"])
    expect("model named in the reply", page.DEFAULT_MODEL, reply.model)


def explicit(session: Session) -> None:
    """Configure a model that the plan's catalogue omits: it is listed, sent and refused."""
    provider = _explicit(session)
    for stream in (False, True):
        ask = partial(provider.chat, provider.model, QUESTION, stream=stream)
        error = failure(ModelNotOnPlanError, ask)
        expect("model sent", session.model, session.body_sent["model"])
        error_row = session.catalog.plans["coding"].unknown_model
        promised = words(session, error_row, stream=stream, model=session.model)
        expect("the service's words", promised, error.message)
        standard = page.ENDPOINTS["standard", session.host.region]
        for part in ("Coding Plan", session.model, standard.base_url, standard.auth_choice):
            expect_in("advice", part, error.advice)
    expect("requests sent", 2, len(session.sent))


def explicit_and_enabled(session: Session) -> None:
    """Configure such a model where the account has it: the service decides."""
    session.service.account(key=session.key, plan=session.host.plan, models=(session.model,))
    provider = _explicit(session)
    expect("model named in the reply", session.model, provider.chat(provider.model, QUESTION).model)


def served(session: Session) -> None:
    """Ask for a model that is listed."""
    provider = _provider_of_listed(session)
    expect("model named in the reply", session.model, provider.chat(provider.model, QUESTION).model)


def lacking(session: Session) -> None:
    """Ask for a model that is listed, where the region does not have it."""
    provider = _provider_of_listed(session)
    error = failure(UnknownModelError, lambda: provider.chat(provider.model, QUESTION))
    unknown = session.catalog.plans[session.host.plan].unknown_model
    expect("the service's words", words(session, unknown, model=session.model), error.message)
    expect_in("advice", session.model, error.advice)
    expect("requests sent", 1, len(session.sent))


def _config(session: Session, models: Sequence[str] = ()) -> dict[str, Any]:
    entry = {
        "baseUrl": session.host.base_url,
        "apiKey": session.key,
        "models": [{"id": model} for model in models],
    }
    return {"models": {"providers": {"qwen": entry}}}


def _listed(user: Home) -> list[str]:
    return [model.id for model in catalogue(user.config(), user.session.catalog)]


def _explicit(session: Session) -> ConfiguredProvider:
    """Return the provider of a model that is listed only because it is configured."""
    omitted = [row.id for row in page.models("coding")]
    with home(session, _config(session)) as user:
        expect("models listed", omitted, _listed(user))
        user.configure(_config(session, models=[session.model]))
        expect("models listed", [session.model, *omitted], _listed(user))
        return user.provider(model=f"qwen/{session.model}")


def _provider_of_listed(session: Session) -> ConfiguredProvider:
    with home(session, _config(session)) as user:
        expect_in("models listed", session.model, _listed(user))
        return user.provider(model=f"qwen/{session.model}")


CASES = (
    Case(
        id="config-models",
        title="a configuration lists the models of its plan, the default one first",
        holds="page 9 and 10",
        run=listed,
    ),
    Case(
        id="config-model-explicit",
        title="a model that the plan omits is sent if configured, and refused with the switch",
        holds="page 10 to 12",
        plans=("coding",),
        absent=page.STANDARD_ONLY,
        run=explicit,
    ),
    Case(
        id="config-model-enabled",
        title="such a model is served where the account has it",
        holds="page 11",
        plans=("coding",),
        absent=page.STANDARD_ONLY,
        needs=frozenset({"account"}),
        run=explicit_and_enabled,
    ),
    *(
        Case(
            id=f"config-serves-{model.lower()}",
            title=f"{model} is listed, and served where the host has it",
            holds="page 9 and 21; wire G",
            models=(model,),
            run=served,
        )
        for model in ("MiniMax-M2.5", "glm-5", "glm-4.7", "kimi-k2.5")
    ),
    *(
        Case(
            id=f"config-lacks-{model.lower()}",
            title=f"{model} is listed, and refused where the region does not have it",
            holds="page 21; wire G",
            plans=("standard",),
            absent=model,
            run=lacking,
        )
        for model in ("MiniMax-M2.5", "glm-5", "glm-4.7", "kimi-k2.5")
    ),
)
