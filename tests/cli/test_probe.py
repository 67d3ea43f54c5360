"""`qwensim models list --probe`: what an endpoint serves beside what is advertised."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from qwensim.catalog import load
from qwensim.catalog.keys import FAKE_KEYS
from qwensim.cli.probe import Probed, advertised_at, probe
from qwensim.provider import AuthError, ConnectionFailure, QwenProvider
from qwensim.server import Server, serve
from qwensim.simulator import Simulator
from qwensim.simulator.accounts import Account
from qwensim.transport import transport


@pytest.fixture
def simulator() -> Simulator:
    return Simulator()


@pytest.fixture
def server(simulator: Simulator) -> Iterator[Server]:
    with serve(simulator) as served:
        yield served


@pytest.fixture
def probed(simulator: Simulator) -> Iterator[Callable[..., dict[str, Probed]]]:
    """Probe the endpoint of an auth choice in process."""
    with httpx2.Client(transport=transport(simulator, httpx2)) as client:

        def run(auth_choice: str, *, base_url: str | None = None) -> dict[str, Probed]:
            plan = load().hosts[load().auth_choices[auth_choice].host].plan
            provider = QwenProvider(
                auth_choice=auth_choice,
                base_url=base_url,
                api_key=FAKE_KEYS[plan],
                http_client=client,
                sleep=lambda _: None,
            )
            offered = advertised_at(load(), provider.endpoint)
            found = probe(provider, load(), offered, provider_id="qwen")
            return {row.model: row for row in found}

        yield run


def served(found: dict[str, Probed], verdict: str) -> set[str]:
    return {model for model, row in found.items() if row.served == verdict}


@pytest.mark.parametrize("choice", load().auth_choices)
def test_the_service_is_what_the_catalogue_says(
    probed: Callable[..., dict[str, Probed]], choice: str
) -> None:
    catalog = load()
    host = catalog.hosts[catalog.auth_choices[choice].host]
    found = probed(choice)
    assert served(found, "answers") == {*catalog.advertised} & {*catalog.served[host.name]}
    assert served(found, "refused") == {*catalog.advertised} - {*catalog.served[host.name]}
    listed = {*catalog.served[host.name]} if "models" in catalog.plans[host.plan].routes else set()
    assert served(found, "listed") == listed - {*catalog.advertised}
    assert {model for model, row in found.items() if row.advertised} == {
        row.id for row in catalog.advertised.values() if host.plan not in row.omitted_on
    }


def test_a_model_of_this_account_alone_answers(
    probed: Callable[..., dict[str, Probed]], simulator: Simulator
) -> None:
    refused = probed("qwen-api-key")["qwen3.6-plus"]
    assert (refused.served, refused.advertised) == ("refused", None)
    assert refused.detail == "model `qwen3.6-plus` is not supported."
    assert "qwen-standard-api-key" in refused.fix
    simulator.account(Account(key=FAKE_KEYS["coding"], plan="coding", models=("qwen3.6-plus",)))
    assert probed("qwen-api-key")["qwen3.6-plus"].served == "answers"


def test_a_refused_key_ends_it(
    probed: Callable[..., dict[str, Probed]], simulator: Simulator
) -> None:
    simulator.account(Account(key="sk-sp-another-key-00", plan="coding"))
    with pytest.raises(AuthError):
        probed("qwen-api-key")
    assert len(simulator.journal) == 1


def test_no_connection_ends_it(probed: Callable[..., dict[str, Probed]]) -> None:
    with pytest.raises(ConnectionFailure):
        probed("qwen-api-key", base_url="https://nowhere.invalid/v1")


# ---- the command


def test_a_base_url_is_probed_with_a_key_of_the_environment(
    qwensim: Callable[..., Any], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", FAKE_KEYS["coding"])
    url = server.base_urls["coding.dashscope.aliyuncs.com"]
    result = qwensim("models", "list", "--provider", "qwen", "--probe", "--base-url", url)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(url)
    lines = [line.split() for line in result.out.splitlines()]
    assert ["qwen3.5-plus", "1,000,000", "text,", "image", "answers"] in lines
    assert ["qwen3.6-plus", "1,000,000", "text,", "image", "refused"] in lines
    assert "qwen3.6-plus: model `qwen3.6-plus` is not supported. " in result.out


def test_a_configuration_is_probed_with_its_own_models(
    qwensim: Callable[..., Any], server: Server, tmp_path: Path
) -> None:
    url = server.base_urls["dashscope.aliyuncs.com"]
    config = tmp_path / "openclaw.json"
    config.write_text(
        f"""{{
          models: {{ providers: {{ bailian: {{
            baseUrl: "{url}", apiKey: "{FAKE_KEYS["standard"]}",
            models: [{{ id: "qwen-plus", contextWindow: 5 }}, {{ id: "mine" }}],
          }} }} }},
          agents: {{ defaults: {{ model: "bailian/qwen-plus" }} }},
        }}""",
        "utf-8",
    )
    result = qwensim("models", "list", "--probe", "--config", str(config), "--json")
    assert (result.code, result.err) == (0, "")
    rows = {row["model"]: row for row in json.loads(result.out)}
    assert rows["qwen-plus"] == {
        "provider": "bailian",
        "model": "qwen-plus",
        "base_url": url,
        "advertised": {
            "context_window": 5,
            "max_tokens": 65_536,
            "input": ["text"],
            "reasoning": False,
            "default": False,
        },
        "served": "answers",
        "detail": "",
        "fix": "",
    }
    assert rows["mine"]["served"] == "refused"
    assert rows["qwen-turbo"]["served"] == "listed"
    assert rows["qwen-turbo"]["advertised"] is None


def test_an_endpoint_that_refuses_the_key_is_an_error(
    qwensim: Callable[..., Any], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_API_KEY", FAKE_KEYS["standard"])
    url = server.base_urls["coding.dashscope.aliyuncs.com"]
    result = qwensim("models", "list", "--probe", "--base-url", url)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: invalid access token")
    assert FAKE_KEYS["standard"] not in result.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--host", "dashscope.aliyuncs.com"), "leave out --provider and --probe"),
        (("--base-url", "https://a.example/v1", "--config", "openclaw.json"), "two endpoints"),
        (("--base-url", "https://a.example/v1", "--provider", "mine"), "two endpoints"),
    ],
)
def test_one_endpoint_is_probed_at_a_time(
    qwensim: Callable[..., Any], options: tuple[str, ...], told: str
) -> None:
    result = qwensim("models", "list", "--probe", *options)
    assert (result.code, result.out) == (2, "")
    assert told in result.err


def test_an_endpoint_is_named_for_a_probe_only(qwensim: Callable[..., Any]) -> None:
    result = qwensim("models", "list", "--base-url", "https://a.example/v1")
    assert (result.code, result.out) == (2, "")
    assert "add --probe" in result.err


def test_the_endpoint_of_a_provider_is_probed(
    qwensim: Callable[..., Any], server: Server, tmp_path: Path
) -> None:
    config = tmp_path / "openclaw.json"
    url = server.base_urls["dashscope.aliyuncs.com"]
    models = [{"id": "qwen-plus"}]
    mine = {"baseUrl": url, "apiKey": FAKE_KEYS["standard"], "models": models}
    config.write_text(json.dumps({"models": {"providers": {"Mine": mine}}}), "utf-8")
    options = ("--probe", "--config", str(config), "--provider", "mine", "--json")
    result = qwensim("models", "list", *options)
    assert (result.code, result.err) == (0, "")
    rows = {row["model"]: row for row in json.loads(result.out)}
    assert (rows["qwen-plus"]["provider"], rows["qwen-plus"]["served"]) == ("Mine", "answers")


def test_nothing_to_ask_is_a_mistake(
    qwensim: Callable[..., Any], server: Server, tmp_path: Path
) -> None:
    config = tmp_path / "openclaw.json"
    mine = {"baseUrl": f"{server.url}/v1", "apiKey": FAKE_KEYS["coding"]}
    agents = {"defaults": {"model": "mine/a"}}
    config.write_text(
        json.dumps({"models": {"providers": {"mine": mine}}, "agents": agents}), "utf-8"
    )
    result = qwensim("models", "list", "--probe", "--config", str(config))
    assert result.code == 2
    assert "no models of mine" in result.err
