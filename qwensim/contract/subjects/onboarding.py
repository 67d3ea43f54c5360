"""Onboarding: what an auth choice writes, and that the provider of what is written works."""

import difflib
import json
import warnings
from collections.abc import Sequence
from functools import partial
from typing import Any

from qwensim.contract import page
from qwensim.contract.answers import expect, expect_in, expect_that, failure
from qwensim.contract.case import Case
from qwensim.contract.home import Home, home
from qwensim.contract.session import QUESTION, Session
from qwensim.contract.subjects.routing import expect_reached
from qwensim.errors import UsageError
from qwensim.provider import ModelNotOnPlanError

_FREE = {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}
_DEFAULT = f"qwen/{page.DEFAULT_MODEL}"


def fresh(session: Session) -> None:
    """Onboard where there was nothing; the written configuration leads to the host."""
    with home(session) as user:
        user.onboard(page.endpoint(session.host).auth_choice)
        _expect_written(user)
        profile = {"type": "api_key", "provider": "qwen", "key": session.key}
        kept = json.loads(user.store.read_text("utf-8"))
        promised = {"version": 1, "profiles": {"qwen:default": profile}}
        expect_that("the auth profile store", "the key and nothing else", kept == promised, "else")
        provider = user.provider()
        expect("default model", _DEFAULT, provider.model)
        expect_reached(session, provider)


def legacy(session: Session) -> None:
    """Onboard by the old name of the auth choice: the same, and a warning."""
    choice = page.endpoint(session.host)
    with home(session) as user:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            user.onboard(choice.legacy)
        expect("warnings", {DeprecationWarning}, {warning.category for warning in seen})
        expect_in("the warning", repr(choice.auth_choice), str(seen[0].message))
        _expect_written(user)
        expect_reached(session, user.provider())


def merged(session: Session) -> None:
    """Onboard into a configuration of old names: it keeps its values, the names become new."""
    own = {"id": "glm-5", "name": "Our GLM", "contextWindow": 1234, "note": "ours"}
    earlier = {
        "gateway": {"port": 18_789},
        "models": {
            "providers": {
                "local": {"baseUrl": "http://127.0.0.1:9/v1", "models": []},
                "modelstudio": {"baseUrl": "https://old.example/v1", "models": [own]},
            }
        },
        "agents": {
            "defaults": {
                "model": {"primary": "local/x", "fallbacks": ["modelstudio/glm-5", "local/y"]},
                "models": {"modelstudio/glm-5": {"alias": "G"}},
            }
        },
    }
    with home(session, earlier) as user:
        user.onboard(page.endpoint(session.host).auth_choice)
        found = user.config().data
        expect("unknown keys", earlier["gateway"], found["gateway"])
        providers = found["models"]["providers"]
        expect("providers", ["local", "qwen"], list(providers))
        expect("base URL", page.endpoint(session.host).base_url, providers["qwen"]["baseUrl"])
        others = [row.id for row in page.models(session.host.plan) if row.id != "glm-5"]
        expect("the first model", own, providers["qwen"]["models"][0])
        expect("the others", others, [row["id"] for row in providers["qwen"]["models"][1:]])
        defaults = found["agents"]["defaults"]
        promised = {"primary": _DEFAULT, "fallbacks": ["qwen/glm-5", "local/y"]}
        expect("default model", promised, defaults["model"])
        expect("alias", {"alias": "G"}, defaults["models"]["qwen/glm-5"])
        expect_reached(session, user.provider())


def moved(session: Session) -> None:
    """Onboard for the Standard endpoint, then for the plan: what the first wrote is still sent."""
    standard = page.ENDPOINTS["standard", session.host.region]
    with home(session) as user:
        user.onboard(standard.auth_choice)
        expect("models of Standard", len(page.MODELS), len(_models(user)))
        user.onboard(page.endpoint(session.host).auth_choice)
        expect_in("models after the move", session.model, _models(user))
        provider = user.provider()
        ref = f"qwen/{session.model}"
        error = failure(ModelNotOnPlanError, lambda: provider.chat(ref, QUESTION))
    expect("model sent", session.model, session.body_sent["model"])
    expect_in("advice", standard.auth_choice, error.advice)


def gone(session: Session) -> None:
    """Onboard for the OAuth service that is gone: refused, nothing written; then for the host."""
    with home(session) as user:
        for name in ("qwen-portal", "qwen-oauth"):
            error = failure(UsageError, partial(user.onboard, name))
            expect_in("the way to migrate", "--auth-choice qwen-api-key", str(error))
        expect("files", [], list(user.path.iterdir()))
        user.onboard(page.endpoint(session.host).auth_choice)
        expect_reached(session, user.provider())


def _expect_written(user: Home) -> None:
    """See that `openclaw.json` is what onboarding for the host writes (openclaw 2026.5.18)."""
    host = user.session.host
    rows = page.models(host.plan)
    promised = {
        "models": {
            "mode": "merge",
            "providers": {
                "qwen": {
                    "baseUrl": page.endpoint(host).base_url,
                    "api": "openai-completions",
                    "models": [_written(row) for row in rows],
                }
            },
        },
        "agents": {"defaults": {"model": {"primary": _DEFAULT}, "models": _aliases(rows)}},
        "auth": {"profiles": {"qwen:default": {"provider": "qwen", "mode": "api_key"}}},
        "plugins": {"entries": {"qwen": {"enabled": True}}},
    }
    wanted, seen = (
        json.dumps(data, indent=1, sort_keys=True).splitlines()
        for data in (promised, dict(user.config().data))
    )
    diff = list(difflib.unified_diff(wanted, seen, "promised", "seen", lineterm="", n=1))
    expect_that("openclaw.json", "as the page has it", not diff, "\n".join(diff))


def _written(row: page.Model) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.id,
        "reasoning": row.reasoning,
        "input": list(row.input),
        "cost": _FREE,
        "contextWindow": row.context_window,
        "maxTokens": row.max_tokens,
    }


def _aliases(rows: Sequence[page.Model]) -> dict[str, dict[str, str]]:
    return {f"qwen/{row.id}": {} for row in rows} | {_DEFAULT: {"alias": "Qwen"}}


def _models(user: Home) -> list[str]:
    rows = user.config().data["models"]["providers"]["qwen"]["models"]
    return [row["id"] for row in rows]


CASES = (
    Case(
        id="onboard",
        title="onboarding writes the page's configuration, which leads to the host",
        holds="page 4, 6 and 9; openclaw 2026.5.18",
        run=fresh,
    ),
    Case(
        id="onboard-legacy",
        title="onboarding by a legacy auth choice writes the same, with a warning",
        holds="page 5",
        run=legacy,
    ),
    Case(
        id="onboard-merge",
        title="onboarding keeps what is configured and makes old names canonical",
        holds="page 1; openclaw 2026.5.18",
        run=merged,
    ),
    Case(
        id="onboard-move",
        title="a model of Standard that stays configured is sent to the Coding Plan",
        holds="page 11; openclaw 2026.5.18",
        plans=("coding",),
        absent=page.STANDARD_ONLY,
        run=moved,
    ),
    Case(
        id="onboard-portal",
        title="Qwen OAuth is refused with the way to migrate, and nothing is written",
        holds="page 20",
        run=gone,
    ),
)
