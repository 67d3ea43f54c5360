"""What must hold of the rows of models, and of the client's list of them."""

import datetime as dt
from collections.abc import Iterator

import msgspec
import pytest

from qwensim.catalog import Catalog, load
from qwensim.catalog.rows import ModelRow

CHINA = "dashscope.aliyuncs.com"
GLOBAL = "dashscope-intl.aliyuncs.com"
PLAN_CHINA = "coding.dashscope.aliyuncs.com"
PLAN_GLOBAL = "coding-intl.dashscope.aliyuncs.com"

TODAY = dt.date(2026, 11, 22)

SURFACES = {"chat", "embeddings", "images", "rerank", "responses", "speech", "video"}


def served(catalog: Catalog) -> Iterator[tuple[str, ModelRow]]:
    for host, models in catalog.served.items():
        for model in models.values():
            yield host, model


def test_the_plan_serves_its_eight_models_and_no_other() -> None:
    eight = {
        "MiniMax-M2.5",
        "glm-4.7",
        "glm-5",
        "kimi-k2.5",
        "qwen3-coder-next",
        "qwen3-coder-plus",
        "qwen3-max-2026-01-23",
        "qwen3.5-plus",
    }
    catalog = load()
    assert set(catalog.served[PLAN_CHINA]) == set(catalog.served[PLAN_GLOBAL]) == eight


@pytest.mark.parametrize(
    ("model", "host", "day"),
    [
        ("qwen3.6-plus", CHINA, "2026-04-02"),
        ("qwen3.6-plus", PLAN_GLOBAL, "2026-07-01"),
        ("qwen3.7-max", GLOBAL, "2026-05-20"),
        ("qwen3.7-plus", PLAN_CHINA, "2026-06-19"),
        ("kimi-k2.6", CHINA, "2026-04-21"),
    ],
)
def test_dated_rows_appear_on_their_day(model: str, host: str, day: str) -> None:
    first = dt.date.fromisoformat(day)
    assert model not in load(as_of=first - dt.timedelta(days=1)).served[host]
    assert model in load(as_of=first).served[host]


@pytest.mark.parametrize(
    "model", ["qwen-max", "qwen-turbo", "qwen-vl-max", "qwen-vl-plus", "qwq-plus", "qvq-max"]
)
def test_models_taken_offline_are_served_until_their_last_day(model: str) -> None:
    gone = dt.date(2026, 7, 13)
    before, after = load(as_of=gone - dt.timedelta(days=1)), load(as_of=gone)
    assert model in before.served[CHINA]
    assert model in before.served[GLOBAL]
    assert all(model not in models for models in after.served.values())


def test_a_dated_row_keeps_what_it_does_not_change() -> None:
    before, after = load().models["qwen3.6-plus"], load(as_of=TODAY).models["qwen3.6-plus"]
    assert (before.hosts, after.hosts) == (("standard",), ("standard", "coding"))
    assert after.context == before.context
    assert after.usage == before.usage


def test_limits_fit_into_the_context(catalog: Catalog) -> None:
    for host, model in served(catalog):
        if model.context is None:
            continue
        for limit in (
            model.max_input,
            model.max_input_thinking,
            model.max_reasoning,
            model.max_output,
        ):
            assert limit is None or limit <= model.context, (host, model.id)


def test_every_chat_model_states_its_limits(catalog: Catalog) -> None:
    unknown = {
        model.id
        for _, model in served(catalog)
        if "chat" in model.surfaces and None in (model.context, model.max_input, model.max_output)
    }
    assert unknown == {"qwen3.5-omni-flash"}


def test_thinking_fields_agree_with_the_thinking_mode(catalog: Catalog) -> None:
    for _, model in served(catalog):
        if model.thinking == "never":
            assert model.max_reasoning is None, model.id
            assert model.max_input_thinking is None, model.id
            assert not model.defaults_thinking, model.id
        if model.thinking == "only":
            assert model.max_input_thinking is None, model.id
        if model.thinking_streams_only:
            assert model.thinking == "on", model.id
            assert not model.stream_only, model.id
        if model.max_input_thinking is not None:
            assert model.max_input is not None, model.id
            assert model.max_input_thinking < model.max_input, model.id


def test_only_the_open_weight_hybrids_must_stream_to_think() -> None:
    hybrids = {model.id for model in load().models.values() if model.thinking_streams_only}
    sizes = ("235b-a22b", "32b", "30b-a3b", "14b", "8b", "4b", "1.7b", "0.6b")
    assert hybrids == {f"qwen3-{size}" for size in sizes}


def test_models_are_for_chat_or_for_one_other_surface(catalog: Catalog) -> None:
    for model in catalog.models.values():
        assert set(model.surfaces) <= SURFACES, model.id
        assert len(set(model.surfaces) - {"responses"}) == 1, model.id
        assert "responses" not in model.surfaces or "chat" in model.surfaces, model.id
        if "chat" in model.surfaces:
            assert "text" in model.inputs, model.id


def test_what_differs_on_a_host_is_a_field_and_differs(catalog: Catalog) -> None:
    fields = {field.name for field in msgspec.structs.fields(ModelRow)}
    for model in catalog.models.values():
        for place, changes in model.on.items():
            assert set(changes) <= fields, model.id
            known = place in model.hosts or catalog.hosts[place].plan in model.hosts
            assert known or not model.hosts, model.id
            assert all(getattr(model, name) != value for name, value in changes.items()), model.id


def test_sampling_defaults_are_values_that_the_service_accepts(catalog: Catalog) -> None:
    for model in catalog.models.values():
        for name, value in {**model.defaults, **model.defaults_thinking}.items():
            rule = catalog.parameters[name]
            assert rule.minimum is None or value >= rule.minimum, (model.id, name)
            assert rule.maximum is None or value <= rule.maximum, (model.id, name)
            assert rule.above is None or value > rule.above, (model.id, name)
            assert rule.below is None or value < rule.below, (model.id, name)


def test_dialects_by_model_and_host() -> None:
    catalog = load()
    assert {model.id for host, model in served(catalog) if model.dialect == "new"} == {
        "qwen-plus",
        "qwen-turbo",
    }
    assert catalog.served[CHINA]["qwen-plus"].dialect == "new"
    assert catalog.served[GLOBAL]["qwen-plus"].dialect == "classic"
    assert {model.dialect for model in catalog.served[PLAN_GLOBAL].values()} == {"trimmed"}


def test_a_limit_can_differ_on_the_plan() -> None:
    catalog = load()
    standard, plan = catalog.served[CHINA], catalog.served[PLAN_CHINA]
    assert standard["kimi-k2.5"].max_reasoning == 32_768
    assert plan["kimi-k2.5"].max_reasoning == 81_920
    assert standard["glm-5"].max_input == 202_752
    assert plan["glm-5"].max_input == 202_745


def test_the_longest_prompt_depends_on_thinking_where_the_service_says_so() -> None:
    models = load().served[CHINA]
    assert models["qwen3.5-plus"].input_limit(thinking=True) == 983_616
    assert models["qwen3.5-plus"].input_limit(thinking=False) == 991_808
    assert models["glm-4.7"].input_limit(thinking=True) == 169_984
    assert models["qwen3.5-omni-flash"].input_limit(thinking=True) is None


def test_the_nine_bundled_models_in_their_order() -> None:
    advertised = load().advertised
    assert list(advertised) == [
        "qwen3.5-plus",
        "qwen3.6-plus",
        "qwen3-max-2026-01-23",
        "qwen3-coder-next",
        "qwen3-coder-plus",
        "MiniMax-M2.5",
        "glm-5",
        "glm-4.7",
        "kimi-k2.5",
    ]
    assert [row.id for row in advertised.values() if row.default] == ["qwen3.5-plus"]
    assert [row.id for row in advertised.values() if row.reasoning] == ["MiniMax-M2.5"]
    assert {row.id: row.omitted_on for row in advertised.values() if row.omitted_on} == {
        "qwen3.6-plus": ("coding",)
    }


def test_every_advertised_model_is_served_where_it_is_advertised() -> None:
    catalog = load()
    for row in catalog.advertised.values():
        assert row.id in catalog.served[CHINA]
        assert (row.id in catalog.served[PLAN_CHINA]) == ("coding" not in row.omitted_on)


def test_minimax_is_served_with_less_than_is_advertised() -> None:
    catalog = load()
    assert catalog.advertised["MiniMax-M2.5"].context_window == 1_000_000
    assert catalog.served[CHINA]["MiniMax-M2.5"].context == 204_800
    assert catalog.advertised["MiniMax-M2.5"].max_tokens == 65_536
    assert catalog.served[PLAN_CHINA]["MiniMax-M2.5"].max_output == 32_768
