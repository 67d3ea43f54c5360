"""A configured provider: which entry a reference means, where it leads, and what it inherits."""

from functools import partial
from typing import Any

from qwensim.contract.answers import expect, expect_in, expect_that, failure
from qwensim.contract.case import Case
from qwensim.contract.home import home
from qwensim.contract.session import QUESTION, Session, read
from qwensim.contract.subjects.routing import SPELLINGS, expect_reached
from qwensim.errors import UsageError
from qwensim.provider import ChatStream

_NAMES = ("qwen", "modelstudio", "qwencloud")
_FOREIGN = "https://gateway.example/v1"

_BY_HAND = """// Written by a person.
{{
  models: {{
    providers: {{
      qwen: {{ baseUrl: '{base_url}', apiKey: "{key}", }}, // a trailing comma
    }},
  }},
  agents: {{ defaults: {{ model: "{ref}" }} }},
}}
"""


def by_hand(session: Session) -> None:
    """Follow a file in JSON5."""
    ref = f"qwen/{session.model}"
    text = _BY_HAND.format(base_url=session.host.base_url, key=session.key, ref=ref)
    with home(session, text) as user:
        provider = user.provider()
    expect("default model", ref, provider.model)
    expect_reached(session, provider)


def nothing(session: Session) -> None:
    """Follow no file at all."""
    with home(session) as user:
        expect_reached(session, user.provider(environ={"QWEN_API_KEY": session.key}))


def base_url(session: Session, spell: Any) -> None:
    """Follow a base URL in another spelling: it is native, so that streams bring their usage."""
    with home(session, _config(session, baseUrl=spell(session.host.base_url))) as user:
        provider = user.provider()
    expect_reached(session, provider)
    _expect_inherited(session, provider.chat(session.model, QUESTION, thinking="high", stream=True))


def base_url_with_user(session: Session) -> None:
    """Refuse a base URL with a password in it, and do not show it; then follow one without."""
    with home(session) as user:
        scheme, _, rest = session.host.base_url.partition("://")
        user.configure(_config(session, baseUrl=f"{scheme}://me:hunter22@{rest}"))
        error = failure(UsageError, user.provider)
        expect_in("the refusal", "models.providers.qwen.baseUrl", str(error))
        expect_that("the refusal", "without the password", "hunter22" not in str(error), "it")
        expect("requests sent", 0, len(session.sent))
        user.configure(_config(session))
        expect_reached(session, user.provider())


def entry(session: Session, name: str) -> None:
    """Name the entry and the default model by one of the provider's names, and ask by each."""
    config = {
        **_config(session, name),
        "agents": {"defaults": {"model": {"primary": f"{name}/{session.model}"}}},
    }
    with home(session, config) as user:
        provider = user.provider()
        expect("default model", f"qwen/{session.model}", provider.model)
        for prefix in ("", *(f"{other}/" for other in _NAMES)):
            for made in (provider, user.provider(model=f"{prefix}{session.model}")):
                expect("model meant", session.model, made.target.model)
                made.chat(f"{prefix}{session.model}", QUESTION, thinking="off")
                expect("model sent", session.model, session.body_sent["model"])
                expect("host asked", session.host.name, session.sent[-1].url.host)


def alias(session: Session) -> None:
    """Call the model by the alias that the configuration gives it."""
    models = {f"modelstudio/{session.model}": {"alias": "Daily"}}
    config = {**_config(session), "agents": {"defaults": {"models": models}}}
    with home(session, config) as user:
        provider = user.provider(model="daily")
    expect("reference", f"qwen/{session.model}", provider.model)
    provider.chat("Daily", QUESTION, thinking="off")
    expect("model sent", session.model, session.body_sent["model"])


def headers(session: Session) -> None:
    """Send the headers of the entry."""
    with home(session, _config(session, headers={"X-Team": "${TEAM}"})) as user:
        expect_reached(session, user.provider(environ={"TEAM": "red"}))
    expect("x-team", "red", session.sent[-1].headers.get("x-team"))


def lost_ref(session: Session, provider_id: str, advice: str) -> None:
    """Refuse the name of a provider that there is not, as default and when asked."""
    ref = f"{provider_id}/{session.model}"
    with home(session, _config(session)) as user:
        provider = user.provider()
        for call in (lambda: user.provider(model=ref), lambda: provider.chat(ref, QUESTION)):
            error = failure(UsageError, call)
            expect_in("the refusal", repr(ref), str(error))
            expect_in("the refusal", advice.format(model=session.model), str(error))
    expect("requests sent", 0, len(session.sent))
    expect_reached(session, provider)


def custom_native(session: Session) -> None:
    """Configure the host under a name of one's own: usage and thinking are inherited."""
    with home(session, _config(session, "bailian")) as user:
        provider = user.provider(model=f"bailian/{session.model}")
    ref = provider.model
    expect("provider", "bailian", provider.target.provider_id)
    _expect_inherited(session, provider.chat(ref, QUESTION, thinking="high", stream=True))
    expect("model sent", session.model, session.body_sent["model"])
    reply = read(provider.chat(ref, QUESTION, thinking="off", stream=True))
    flag = session.body_sent.get("enable_thinking")
    expect_that("enable_thinking sent", "false", flag is False, flag)
    expect("reasoning", "", reply.reasoning)


def custom_foreign(session: Session) -> None:
    """Configure a gateway under a name of one's own: nothing is inherited."""
    config = _config(session, "bailian", baseUrl=_FOREIGN)
    with session.gateway(_FOREIGN) as connections, home(session, config) as user:
        provider = user.provider(model=f"bailian/{session.model}", http_client=connections)
        reply = read(provider.chat(provider.model, QUESTION, stream=True))
    expect("host asked", "gateway.example", session.sent[-1].url.host)
    expect("keys sent", {"model", "messages", "stream"}, set(session.body_sent))
    expect("usage of the reply", None, reply.usage)


def own_refs(session: Session, api: str, qwen: str) -> None:
    """Configure a `modelstudio` of another API: its references are not for the service."""
    own = {"baseUrl": "https://nobody.example/v1", "api": api, "apiKey": session.key}
    config = _config(session, qwen)
    config["models"]["providers"]["modelstudio"] = own
    ref = f"modelstudio/{session.model}"
    with home(session, config) as user:
        provider = user.provider(model=f"qwencloud/{session.model}")
        for call in (lambda: user.provider(model=ref), lambda: provider.chat(ref, QUESTION)):
            error = failure(UsageError, call)
            expect_in("the refusal", f"models.providers.modelstudio.api is {api!r}", str(error))
    expect("requests sent", 0, len(session.sent))
    expect_reached(session, provider)


def _config(session: Session, name: str = "qwen", **more: object) -> dict[str, Any]:
    entry = {"baseUrl": session.host.base_url, "apiKey": session.key, **more}
    return {"models": {"providers": {name: entry}}}


def _expect_inherited(session: Session, stream: ChatStream) -> None:
    """See that a stream at a thinking level asked for usage and reasoning, and got both."""
    reply, body = read(stream), session.body_sent
    expect("stream_options sent", {"include_usage": True}, body.get("stream_options"))
    flag = body.get("enable_thinking")
    expect_that("enable_thinking sent", "true", flag is True, flag)
    expect_that("usage of the reply", "told", reply.usage, None)
    expect_that("reasoning", "some text", reply.reasoning, reply)


CASES = (
    Case(
        id="config-by-hand",
        title="a configuration in JSON5 with comments leads to its host",
        holds="page 6 and 8",
        run=by_hand,
    ),
    Case(
        id="config-none",
        title="without a configuration requests go to the Coding Plan (Global)",
        holds="openclaw 2026.5.18",
        plans=("coding",),
        region="global",
        run=nothing,
    ),
    *(
        Case(
            id=f"config-base-url-{name}",
            title=f"a configured base URL is native in any spelling: {name.replace('-', ' ')}",
            holds="page 8 and 14",
            run=partial(base_url, spell=spell),
        )
        for name, spell in SPELLINGS.items()
    ),
    Case(
        id="config-base-url-with-user",
        title="a base URL that carries a password is refused and never shown",
        holds="page 8",
        run=base_url_with_user,
    ),
    *(
        Case(
            id=f"config-entry-{name}",
            title=f"an entry {name} is meant by every name, and bare model ids are sent",
            holds="page 1",
            run=partial(entry, name=name),
        )
        for name in _NAMES
    ),
    Case(
        id="config-alias",
        title="a model may be called by its configured alias",
        holds="page 6",
        run=alias,
    ),
    Case(
        id="config-headers",
        title="configured headers are sent",
        holds="page 8",
        run=headers,
    ),
    *(
        Case(
            id=f"config-ref-{provider_id}",
            title=f"a reference to {provider_id} is refused and never sent",
            holds=holds,
            run=partial(lost_ref, provider_id=provider_id, advice=advice),
        )
        for provider_id, holds, advice in (
            ("dashscope", "page 1; openclaw 2026.5.18", "qwen/{model}"),
            ("qwen-portal", "page 20", "--auth-choice qwen-api-key"),
            ("qwen-oauth", "page 20", "--auth-choice qwen-api-key"),
        )
    ),
    Case(
        id="config-custom-native",
        title="a custom provider on the service's host inherits usage and thinking",
        holds="page 13 and 14",
        run=custom_native,
    ),
    Case(
        id="config-custom-foreign",
        title="a custom provider on a foreign host inherits nothing",
        holds="page 14",
        run=custom_foreign,
    ),
    *(
        Case(
            id=f"config-own-modelstudio-beside-{qwen}",
            title=f"a modelstudio of another API owns its references, beside {qwen}",
            holds="page 7",
            run=partial(own_refs, api=api, qwen=qwen),
        )
        for qwen, api in (("qwen", "openai-responses"), ("qwencloud", "anthropic-messages"))
    ),
)
