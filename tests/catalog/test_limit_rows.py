"""The rows of limits: they hold together, and an overlay changes them."""

from typing import Any

import pytest

from qwensim.catalog import load
from qwensim.errors import CatalogError
from qwensim.simulator.refusals import placeholders


def test_words_get_all_their_values_and_are_too_many_requests() -> None:
    catalog = load()
    for limit in catalog.limits.values():
        error = catalog.errors[limit.error]
        assert error.status == 429, limit.id
        assert placeholders(error.message) - {"link"} == set(limit.values), limit.id


def test_only_what_is_being_sent_has_no_window() -> None:
    for limit in load().limits.values():
        assert (limit.window is None) == (limit.counts == "answers"), limit.id


def test_requests_and_tokens_are_limited_together_and_no_host_allows_more_than_china() -> None:
    catalog = load()
    china, intl = (catalog.served[host] for host in [*catalog.hosts][:2])
    limited = [
        model
        for model in intl.values()
        if model.rpm is not None and model.surfaces != ("images",)  # which take no tokens
    ]
    assert len(limited) > 10
    for model in limited:
        assert model.tpm is not None, model.id
    for name in set(china) & set(intl):
        for field in ("rpm", "tpm"):
            here, there = getattr(china[name], field), getattr(intl[name], field)
            assert (here is None) == (there is None), name
            # text-embedding-v3 is allowed more abroad.
            assert here is None or here >= there or "chat" not in china[name].surfaces, name


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"id": "rpm", "error": "nope"}, "limit rpm: error: 'nope' is not known; there are: "),
        ({"id": "rpm", "figure": "model.rps"}, "limit rpm: figure: no 'model.rps'; there are: "),
        ({"id": "rpm", "part": 0}, "limit rpm: part: Expected `float` > 0"),
        ({"id": "rpm", "window": "day"}, "limit rpm: window: no 'day'; there are: "),
    ],
)
def test_a_wrong_row_is_told_of(rows: dict[str, Any], told: str) -> None:
    with pytest.raises(CatalogError) as caught:
        load({"limit": [rows]})
    assert told in str(caught.value)


def test_an_overlay_changes_a_tier_and_the_value_of_a_message() -> None:
    catalog = load(
        {
            "tier": [{"id": "lite", "hours": 5}],
            "limit": [{"id": "plan-hours", "values": {"scope": "5-hour"}}],
        }
    )
    assert (catalog.tiers["lite"].hours, catalog.tiers["lite"].week) == (5, 9_000)
    assert catalog.limits["plan-hours"].values == {"scope": "5-hour"}
