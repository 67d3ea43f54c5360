"""Accounts make the service strict: keys bound to plan and region, entitlements, state, quota."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.errors import CatalogError, UsageError
from qwensim.simulator import Account, Simulator, read_accounts

CN, INTL = "dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com"
PLAN_CN, PLAN_INTL = "coding.dashscope.aliyuncs.com", "coding-intl.dashscope.aliyuncs.com"
STANDARD, PLAN = "sk-0123456789abcdef", "sk-sp-0123456789abcdef"
LONG = "sk-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"

Send = Callable[..., Any]


def test_with_accounts_only_their_keys_work(simulator: Simulator, send: Send) -> None:
    assert send(simulator).status == 200
    simulator.account(key="sk-another-one")
    assert send(simulator).error["code"] == "invalid_api_key"
    simulator.account(Account(key=STANDARD))
    assert send(simulator).status == 200


@pytest.mark.parametrize(
    ("region", "open_hosts"), [("china", {CN}), ("global", {INTL}), (None, {CN, INTL})]
)
def test_a_key_of_another_region_is_a_wrong_key(
    send: Send, region: Any, open_hosts: set[str]
) -> None:
    simulator = Simulator(accounts=[Account(key=STANDARD, region=region)])
    for host in (CN, INTL):
        reply = send(simulator, host=host)
        assert (reply.status == 200) == (host in open_hosts)
        assert reply.status in (200, 401)


def test_a_plan_key_is_refused_in_the_plan_s_words_in_the_other_region(send: Send) -> None:
    simulator = Simulator(accounts=[Account(key=PLAN, plan="coding", region="china")])
    assert send(simulator, host=PLAN_CN, model="glm-5").status == 200
    reply = send(simulator, host=PLAN_INTL, model="glm-5")
    assert (reply.status, reply.error["message"]) == (401, "invalid access token or token expired")


def test_a_revoked_key_is_a_wrong_key(send: Send) -> None:
    simulator = Simulator(accounts=[Account(key=STANDARD, state="revoked")])
    assert (send(simulator).status, send(simulator).error["code"]) == (401, "invalid_api_key")


def test_an_overdue_account(send: Send) -> None:
    simulator = Simulator(accounts=[Account(key=STANDARD, state="overdue")])
    reply = send(simulator, host=CN)
    request_id = reply.headers["x-request-id"]
    assert reply.status == 400
    assert list(reply.json.items())[1:] == [
        ("id", f"chatcmpl-{request_id}"),
        ("request_id", request_id),
    ]
    assert list(reply.error.items()) == [
        (
            "message",
            (
                "Access denied, please make sure your account is in good standing. For details, "
                "see: https://help.aliyun.com/zh/model-studio/error-code#overdue-payment"
            ),
        ),
        ("type", "Arrearage"),
        ("param", None),
        ("code", "Arrearage"),
    ]


def test_a_used_up_free_tier(send: Send) -> None:
    simulator = Simulator(accounts=[Account(key=STANDARD, state="free-tier-used-up")])
    reply = send(simulator)
    assert (reply.status, reply.error["code"]) == (403, "AllocationQuota.FreeTierOnly")
    assert list(reply.error) == ["message", "type", "param", "code"]


def test_a_model_that_was_not_purchased(send: Send) -> None:
    simulator = Simulator(accounts=[Account(key=STANDARD, denied=("qwen3-max",))])
    reply = send(simulator)
    assert reply.status == 403
    assert list(reply.json) == ["error"]
    assert list(reply.error.items()) == [
        (
            "message",
            "Access to model denied. Please make sure you are eligible for using the model.",
        ),
        ("id", reply.headers["x-request-id"]),
        ("type", "AccessDenied.Unpurchased"),
        ("code", "AccessDenied.Unpurchased"),
    ]
    assert send(simulator, model="qwen-plus").status == 200


def test_an_entitlement_opens_a_model_that_the_plan_does_not_serve(send: Send) -> None:
    simulator = Simulator()
    refused = send(simulator, host=PLAN_CN, model="qwen3.6-plus")
    assert refused.status == 400
    assert list(refused.json) == ["error", "request_id"]
    assert list(refused.error.items()) == [
        ("code", "invalid_parameter_error"),
        ("message", "model `qwen3.6-plus` is not supported."),
        ("param", None),
        ("type", "invalid_request_error"),
    ]
    simulator.account(key=PLAN, plan="coding", models=("qwen3.6-plus",))
    answered = send(simulator, host=PLAN_CN, model="qwen3.6-plus")
    assert answered.status == 200
    assert "system_fingerprint" not in answered.json


@pytest.mark.parametrize("scope", ["hour", "week", "month"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_spent_plan_quota(send: Send, scope: Any, stream: bool) -> None:
    simulator = Simulator(accounts=[Account(key=PLAN, plan="coding", spent=scope)])
    reply = send(simulator, host=PLAN_INTL, model="glm-5", stream=stream)
    assert reply.status == 429
    assert reply.body.decode() == (
        f'{{"error":{{"code":"throttling","message":"{scope} allocated quota exceeded.",'
        '"param":null,"type":"invalid_request_error"},'
        f'"request_id":"{reply.headers["x-request-id"]}"}}'
    )
    assert "retry-after" not in reply.headers


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"key": "sk-short"}, "Account: key is no key of plan 'standard'"),
        ({"key": STANDARD, "plan": "coding"}, "Account: key is no key of plan 'coding'"),
        ({"key": STANDARD, "plan": "gold"}, "no plan 'gold'; there are: coding, standard"),
        ({"key": STANDARD, "region": "mars"}, "no region 'mars'; there are: china, global"),
        ({"key": STANDARD, "state": "poor"}, "no state 'poor'; there are: .*overdue"),
        ({"key": STANDARD, "models": ("nope",)}, "models 'nope' is not in the catalogue"),
        ({"key": STANDARD, "denied": ("nope",)}, "denied 'nope' is not in the catalogue"),
        ({"key": STANDARD, "spent": "week"}, "spent is for plan 'coding'"),
        ({"key": STANDARD, "models": 3}, "models: Expected `array`, got `int`; seen: 3"),
    ],
)
def test_an_account_that_does_not_hold_together_is_refused(
    simulator: Simulator, fields: dict[str, Any], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        simulator.account(**fields)
    assert fields["key"] not in str(caught.value)


def test_accounts_are_read_from_a_file(tmp_path: Path, send: Send) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(
        f"""
        [[account]]
        key = "{STANDARD}"
        region = "china"
        denied = ["qwen3-max"]

        [[account]]
        key = "{PLAN}"
        plan = "coding"
        models = ["qwen3.6-plus"]
        """
    )
    simulator = Simulator(accounts=read_accounts(file, load()))
    assert send(simulator, host=CN).status == 403
    assert send(simulator, host=INTL).status == 401
    assert send(simulator, host=PLAN_CN, model="qwen3.6-plus").status == 200


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[account]]\nkey = 5", r"account 1: key: Expected `str`, got `int`"),
        ("[[account]]", "account 1: key: .*missing required field"),
        ('[[account]]\nkey = "sk-12345678"\ncolour = "red"', "account 1: colour: .*unknown field"),
        ('[[account]]\nkey = "nope"', "account 1: key: is no key of plan 'standard'"),
        ('[[account]]\nkey = "sk-12345678"\nmodels = ["x"]', "models: 'x' is not in the catalogue"),
        ('[[account]]\nkey = "sk-12345678"\ndenied = ["x"]', "denied: 'x' is not in the catalogue"),
        ('[[account]]\nkey = "sk-12345678"\nspent = "hour"', "account 1: spent: is for plan"),
        ('[[account]]\nkey = "sk-12345678"\n' * 2, "account 2: key: stands twice"),
        ('[[acount]]\nkey = "sk-12345678"', "acount: no such table; there is: account"),
        ("account = 3", r"has no \[\[account\]\] rows"),
        ("", r"has no \[\[account\]\] rows"),
        ("[[", "is not TOML"),
    ],
)
def test_a_wrong_accounts_file_is_named_with_row_and_field(
    tmp_path: Path, text: str, problem: str
) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(text)
    with pytest.raises(CatalogError, match=problem) as caught:
        read_accounts(file, load())
    assert str(caught.value).startswith(str(file))


def test_no_account_shows_its_key() -> None:
    account = Account(key="sk-0123456789abcdef", region="china")
    assert repr(account) == (
        "Account(key='[redacted]', plan='standard', region='china', state='good')"
    )
    assert "0123456789" not in f"{[account]}{account!s}"


@pytest.mark.parametrize(
    "text",
    [
        f'[[{LONG}]]\nkey = "x"',
        f'[[account]]\nkey = "{LONG}"\nplan = "{LONG}"',
        f'[[account]]\nkey = "{LONG}"\n"{LONG}" = true',
        f'[[account]]\nkey = "{LONG}"\nmodels = ["{LONG}"]',
        f'[[account]]\nkey = "{LONG}"\nmodels = "{LONG}"',
        f'[[account]]\nkey = ["{LONG}"]',
    ],
)
def test_a_key_in_the_wrong_place_of_a_file_is_not_shown(tmp_path: Path, text: str) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(CatalogError) as caught:
        read_accounts(file, load())
    assert caught.value.file == str(file)
    assert not any(LONG[at : at + 6] in str(caught.value) for at in range(len(LONG)))


def test_a_value_that_no_check_gives_stays_a_hole_of_the_message(send: Send) -> None:
    catalog = load({"error": [{"id": "overdue", "message": "{model} owes {amount}, see {link}"}]})
    simulator = Simulator(catalog=catalog, accounts=[Account(key=STANDARD, state="overdue")])
    words = send(simulator).error["message"]
    assert words.startswith("{model} owes {amount}, see https://")
