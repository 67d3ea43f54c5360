"""Whether host and account have the model that a request names, and quota for it."""

from typing import Any

from qwensim.catalog import Catalog
from qwensim.catalog.catalog import on_host
from qwensim.catalog.rows import ModelRow
from qwensim.simulator.answers import Call
from qwensim.simulator.bodies import decode_object
from qwensim.simulator.refusals import Refused


def body_of(call: Call) -> dict[str, Any]:
    """Return the JSON object that a call sends, decoded once, or raise `Refused`."""
    if call.body is None:
        call.body = decode_object(call.request.body)
    body: dict[str, Any] = call.body
    return body


def model_of(catalog: Catalog, call: Call, *, surface: str, otherwise: str) -> ModelRow:
    """Return the row of the body's model as it holds for the call.

    Raises `Refused`: `otherwise` is the error for a model that is not for this `surface`.
    """
    name = call.body.get("model")
    if name is None or name == "":
        raise Refused("model-missing")
    if not isinstance(name, str):
        raise Refused("body-invalid")
    call.model = name
    account = call.account
    model = catalog.served[call.host.name].get(name)
    if model is None and name in account.models:
        model = on_host(catalog.models[name], call.host)
    if model is None:
        raise Refused(catalog.plans[call.host.plan].unknown_model, model=name)
    if surface not in model.surfaces:
        raise Refused(otherwise, model=name)
    if account.state == "overdue":
        raise Refused("overdue")
    if account.state == "free-tier-used-up":
        raise Refused("free-tier-used-up")
    if name in account.denied:
        raise Refused("not-purchased")
    return model


def check_quota(call: Call, model: ModelRow, *, tokens: int) -> None:
    """Raise `Refused` if the account has used up what it may; a prompt has so many tokens."""
    if call.account.spent is not None:
        raise Refused("plan-quota", scope=call.account.spent)
    if call.limits is not None:
        call.ticket = call.limits.admit(
            call.account,
            plan=call.host.plan,
            host=call.host.name,
            model=model,
            tokens=tokens,
            now=call.arrived,
        )
