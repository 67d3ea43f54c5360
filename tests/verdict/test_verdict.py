"""The verdict as a whole: as JSON, as an assertion, and on any traffic."""

import inspect
import json
import sys
from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim import Fake, Simulator
from qwensim.errors import UsageError
from qwensim.server import SystemClock
from qwensim.simulator.faults import Kind
from qwensim.verdict import RULES, Verdict, check_names

Client = Any
"""That of conftest.py."""

KEY = "sk-not-a-real-key"
QUESTION = {"role": "user", "content": "Hello"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


def test_without_requests_nothing_is_judged(fake: Fake) -> None:
    verdict = fake.verdict(timed=True)
    assert verdict.requests == 0
    assert [one.rule for one in verdict.judgements] == [rule.name for rule in RULES]
    assert {one.outcome for one in verdict.judgements} == {"not judged"}
    assert all(one.reason.startswith("no occasion: ") for one in verdict.judgements)
    assert verdict.passed


def test_it_can_be_written_down(fake: Fake, client: Client) -> None:
    client.chat(stream=True)
    told = json.loads(msgspec.json.encode(fake.verdict()))
    assert told["requests"] == 1
    by_rule = {one["rule"]: one for one in told["judgements"]}
    usage = by_rule["never-asked-for-usage"]
    assert (usage["outcome"], usage["occasions"]) == ("failed", 1)
    assert usage["breaches"] == [
        {"requests": [1], "seen": "no stream had stream_options.include_usage"}
    ]
    assert usage["means"]
    assert usage["advice"]


def test_of_many_requests_ten_are_named(fake: Fake, client: Client) -> None:
    for seed in range(12):
        client.chat(stream=True, seed=seed)
    (usage,) = fake.verdict().failures()
    assert usage.breaches[0].requests == tuple(range(1, 11))


def test_the_assertion_says_what_was_seen_and_what_to_do(fake: Fake, client: Client) -> None:
    fake.assert_client_behaves()
    client.chat(temperature=9)
    fake.assert_client_behaves()
    client.chat(temperature=9)
    with pytest.raises(AssertionError) as raised:
        fake.assert_client_behaves()
    head, rule, breach, advice = str(raised.value).split("\n")
    assert head == "the client does not behave"
    assert rule.startswith("retried-final-error: ")
    assert breach == "  requests 1, 2: 400 temperature-range does not pass, and was asked again"
    assert advice.startswith("  Retry 429")
    fake.assert_client_behaves(allow=["retried-final-error"])


@pytest.mark.parametrize("allow", [["nope"], "retried-final-error"])
def test_what_is_allowed_must_be_rules(allow: Any, fake: Fake) -> None:
    for ask in (fake.assert_client_behaves, lambda **by: fake.judging(**by).__enter__()):
        with pytest.raises(UsageError, match=r"no rule 'nope'; there are: |a list of"):
            ask(allow=allow)


def test_the_names_of_rules_are_known() -> None:
    check_names([rule.name for rule in RULES])
    assert len({rule.name for rule in RULES}) == len(RULES)


def twice(client: Client, *, error: Exception | None = None) -> None:
    """Send a bad request again, then raise the error if there is one."""
    for _ in range(2):
        client.chat(temperature=9)
    if error is not None:
        raise error


def test_a_block_is_judged_by_its_own_requests(fake: Fake, client: Client) -> None:
    client.chat(temperature=9)
    client.chat(temperature=9)
    with fake.judging():
        client.chat(temperature=9)
    with pytest.raises(AssertionError, match="requests 4, 5: "), fake.judging():
        twice(client)


def test_an_error_within_a_block_comes_out_unless_a_rule_is_broken(
    fake: Fake, client: Client
) -> None:
    with pytest.raises(KeyError), fake.judging():
        raise KeyError
    with pytest.raises(AssertionError, match="does not behave") as raised, fake.judging():
        twice(client, error=KeyError())
    assert isinstance(raised.value.__cause__, KeyError)


def test_a_clock_that_goes_by_itself_tells_of_times() -> None:
    verdict = Fake(Simulator(clock=SystemClock())).verdict()
    reasons = {one.rule: one.reason for one in verdict.judgements}
    assert reasons["no-backoff"] == "no occasion: a retry of what may pass"


@given(
    bodies=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "model": st.sampled_from(["qwen-plus", "kimi-k2.5", "nope"]) | json_values,
                "messages": st.lists(
                    st.fixed_dictionaries(
                        {"role": st.sampled_from(["user", "assistant", "tool"])},
                        optional={"content": json_values, "tool_calls": json_values},
                    )
                    | json_values,
                    max_size=3,
                )
                | json_values,
                "input": json_values,
                "stream": st.booleans(),
                "stream_options": json_values,
            },
        )
        | json_values,
        min_size=1,
        max_size=6,
    ),
    faults=st.lists(st.sampled_from(get_args(Kind)), max_size=3),
    timed=st.booleans(),
)
def test_any_traffic_can_be_judged(
    bodies: list[Any], faults: list[Any], timed: bool, new_client: Callable[[], Client]
) -> None:
    client = new_client()
    fake: Fake = client.fake
    for kind in faults:
        fake.fault(kind, every=2)
    for body in bodies:
        client.send("POST", client.url, json=body)
    verdict = fake.verdict(timed=timed)
    assert verdict.requests == len(bodies)
    encoded = msgspec.json.encode(verdict)
    assert msgspec.json.decode(encoded, type=Verdict) == verdict
    assert KEY.encode() not in encoded
    numbers = range(1, len(bodies) + 1)
    for judgement in verdict.judgements:
        assert judgement.outcome != "failed" or judgement.breaches
        assert len(judgement.breaches) <= judgement.occasions
        assert all({*breach.requests} <= {*numbers} for breach in judgement.breaches)


def test_requests_too_deep_to_be_compared_are_taken_for_different(
    fake: Fake, client: Client
) -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    for _ in range(2):
        client.chat(temperature=9, deep=deep)

    def judged_below(frames: int) -> Verdict:
        return judged_below(frames - 1) if frames else fake.verdict()

    assert not judged_below(0).passed
    assert judged_below(sys.getrecursionlimit() - len(inspect.stack(0)) - 250).passed


@given(st.permutations(["a", "b", "c", "a", "b"]))
def test_keys_are_numbered_as_they_come(new_client: Callable[..., Client], keys: list[str]) -> None:
    client = new_client()
    for key in keys:
        client.chat(key=f"sk-not-a-real-key-{key}")
        seen = client.fake.requests[-1]
        assert seen.key == [*dict.fromkeys(keys)].index(key) + 1
    client.http.get("https://dashscope-intl.aliyuncs.com/api/v1/tasks/x")
    assert client.fake.requests[-1].key is None


def test_no_more_keys_are_known_than_requests(new_client: Callable[..., Client]) -> None:
    client = new_client(journal_size=2)
    numbers = []
    for key in ("a", "b", "a", "c", "a", "b"):
        client.chat(key=f"sk-not-a-real-key-{key}")
        numbers.append(client.fake.requests[-1].key)
    assert numbers == [1, 2, 1, 3, 1, 4]
