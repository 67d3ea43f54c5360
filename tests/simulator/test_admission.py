"""Who gets in: host, path, method, client and key, in this order."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.errors import UsageError
from qwensim.simulator import Simulator

CN, INTL = "dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"
PLAN_CN, PLAN_INTL = "coding.dashscope.aliyuncs.com", "coding-intl.dashscope.aliyuncs.com"
ALL = (CN, INTL, PLAN_CN, PLAN_INTL)
PLANS = (PLAN_CN, PLAN_INTL)

Send = Callable[..., Any]


@pytest.mark.parametrize("host", ALL)
def test_every_host_chats_at_its_own_base_path_only(
    simulator: Simulator, send: Send, host: str
) -> None:
    right, wrong = (
        ("/v1", "/compatible-mode/v1") if host in PLANS else ("/compatible-mode/v1", "/v1")
    )
    model = "qwen3.5-plus"
    assert send(simulator, host=host, path=f"{right}/chat/completions", model=model).status == 200
    assert send(simulator, host=host, path=f"{wrong}/chat/completions", model=model).status == 404


@pytest.mark.parametrize("host", [*ALL, "example.com", ""])
@pytest.mark.parametrize(
    "path", ["/", "", "/v2/chat/completions", "/api/v1/chat/completions", "/compatible-mode/v1"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_paths_get_an_empty_404(
    simulator: Simulator, send: Send, host: str, path: str, method: str
) -> None:
    reply = send(simulator, host=host, path=path, method=method, key=None, agent=None)
    assert (reply.status, reply.body) == (404, b"")
    assert [name for name, _ in reply.header_list] == ["vary", "content-length", "date", "server"]
    assert reply.headers["vary"] == "Accept-Encoding"


def test_a_path_below_chat_is_answered_by_the_application_behind_it(
    simulator: Simulator, send: Send
) -> None:
    reply = send(simulator, path="/compatible-mode/v1/chat/completions/chat/completions")
    assert reply.status == 400
    assert list(reply.json) == ["requestId", "code", "message"]
    assert reply.json["code"] == "InvalidParameter"
    assert (
        reply.json["message"]
        == "No static resource api-openai/v1/chat/completions/chat/completions."
    )
    below_plan = send(simulator, host=PLAN_CN, path="/v1/chat/completions/chat/completions")
    assert (below_plan.status, below_plan.body) == (404, b"")


@pytest.mark.parametrize("host", ALL)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_chat_is_posted(simulator: Simulator, send: Send, host: str, method: str) -> None:
    reply = send(simulator, host=host, method=method, key=None, agent=None)
    assert reply.status == 405
    assert reply.error["message"] == f"Request method '{method}' is not supported."


@pytest.mark.parametrize("host", [CN, INTL])
def test_standard_hosts_list_their_models(simulator: Simulator, send: Send, host: str) -> None:
    reply = send(simulator, host=host, path="/compatible-mode/v1/models", method="GET", raw=b"")
    served = list(load().served[host])
    assert reply.status == 200
    assert list(reply.json) == ["object", "data", "first_id", "last_id", "has_more"]
    assert [row["id"] for row in reply.json["data"]] == served
    assert {tuple(row) for row in reply.json["data"]} == {("id", "object", "created", "owned_by")}
    assert reply.json["last_id"] == f"model-id-{len(served) - 1}"
    assert "x-dashscope-call-gateway" not in reply.headers


def test_the_model_list_wants_a_key_and_a_get(simulator: Simulator, send: Send) -> None:
    path = "/compatible-mode/v1/models"
    assert send(simulator, path=path, method="GET", key=None).status == 401
    assert send(simulator, path=path, method="GET", key="sk-sp-0123456789").status == 401
    assert send(simulator, path=path, method="POST").status == 405


def test_the_model_list_shows_what_the_account_is_entitled_to(
    simulator: Simulator, send: Send
) -> None:
    china_only = "deepseek-v3.2"
    simulator.account(key="sk-0123456789abcdef", models=(china_only, "qwen3-max"))
    reply = send(simulator, path="/compatible-mode/v1/models", method="GET")
    ids = [row["id"] for row in reply.json["data"]]
    assert ids.count(china_only) == 1
    assert ids.count("qwen3-max") == 1


@pytest.mark.parametrize("host", PLANS)
def test_coding_plan_hosts_list_no_models(simulator: Simulator, send: Send, host: str) -> None:
    reply = send(simulator, host=host, path="/v1/models", method="GET")
    assert (reply.status, reply.body) == (404, b"")


@pytest.mark.parametrize("host", PLANS)
@pytest.mark.parametrize("agent", [None, "", "  "])
def test_a_plan_refuses_clients_without_a_name(
    simulator: Simulator, send: Send, host: str, agent: str | None
) -> None:
    reply = send(simulator, host=host, agent=agent, key=None)
    assert reply.status == 405
    assert reply.body == (
        b'{\n  "error": "Coding Plan is currently only available for Coding Agents"\n}'
    )


@pytest.mark.parametrize(
    ("check", "agent", "status"),
    [
        ("any", "curl/8.5.0", 200),
        ("agents", "curl/8.5.0", 405),
        ("agents", None, 405),
        ("agents", "OpenAI/Python 3.1.0", 200),
        ("agents", "AsyncOpenAI/Python 3.1.0", 200),
        ("agents", "QwenCode/0.9 (linux; x64)", 200),
        ("off", None, 200),
    ],
)
def test_the_client_check_is_a_switch(
    send: Send, check: Any, agent: str | None, status: int
) -> None:
    strict = Simulator(client_check=check)
    assert send(strict, host=PLAN_CN, model="qwen3.5-plus", agent=agent).status == status
    assert send(strict, host=CN, agent=None).status == 200


def test_an_unknown_client_check_is_named() -> None:
    with pytest.raises(UsageError, match=r"'some'; there are: any, agents, off"):
        Simulator(client_check="some")  # type: ignore[arg-type]  # the mistake under test


STANDARD_KEYS = ["sk-12345678", "sk-AZaz09-_", "sk-ws-12345678"]
PLAN_KEYS = ["sk-sp-12345678", "sk-sp-AZaz09-_"]
NO_KEYS = [
    "sk-1234567",
    "sk-sp-1234567",
    "pk-12345678",
    "sk-1234 5678",
    "sk-1234567é",
    "SK-12345678",
]


@pytest.mark.parametrize("host", ALL)
@pytest.mark.parametrize("key", [*STANDARD_KEYS, *PLAN_KEYS, *NO_KEYS])
def test_keys_open_the_hosts_of_their_plan(
    simulator: Simulator, send: Send, host: str, key: str
) -> None:
    reply = send(simulator, host=host, model="qwen3.5-plus", key=key)
    if key in (PLAN_KEYS if host in PLANS else STANDARD_KEYS):
        assert reply.status == 200
    elif host in PLANS:
        assert reply.status == 401
        assert list(reply.json) == ["error", "request_id"]
        assert list(reply.error.items()) == [
            ("code", "invalid_api_key"),
            ("message", "invalid access token or token expired"),
            ("param", None),
            ("type", "invalid_request_error"),
        ]
    else:
        page = "help.aliyun.com/zh" if host == CN else "www.alibabacloud.com/help/en"
        assert reply.status == 401
        assert list(reply.json) == ["error", "request_id"]
        assert list(reply.error.items()) == [
            (
                "message",
                (
                    "Incorrect API key provided. For details, see: "
                    f"https://{page}/model-studio/error-code#apikey-error"
                ),
            ),
            ("type", "invalid_request_error"),
            ("param", None),
            ("code", "invalid_api_key"),
        ]


@pytest.mark.parametrize("authorization", [None, "", "  ", "Bearer", "Bearer  ", "bearer "])
@pytest.mark.parametrize("host", ALL)
def test_no_key_at_all(
    simulator: Simulator, send: Send, host: str, authorization: str | None
) -> None:
    headers = () if authorization is None else (("authorization", authorization),)
    reply = send(simulator, host=host, key=None, headers=headers)
    assert reply.status == 401
    expected = (
        "invalid access token or token expired"
        if host in PLANS
        else "You didn't provide an API key. You need to provide your API key in an "
        "Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). "
    )
    assert reply.error["message"] == expected


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("bearer sk-12345678", 200),
        ("BEARER   sk-12345678  ", 200),
        ("sk-12345678", 401),
        ("Basic sk-12345678", 401),
    ],
)
def test_the_key_travels_as_a_bearer_token(
    simulator: Simulator, send: Send, authorization: str, status: int
) -> None:
    headers = (("authorization", authorization),)
    assert send(simulator, key=None, headers=headers).status == status
