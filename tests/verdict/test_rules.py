"""Each rule, with a client that keeps it and one that does not."""

from collections.abc import Callable
from email.utils import formatdate
from itertools import pairwise
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwensim import Fake, QwenProvider
from qwensim.provider import (
    AuthError,
    BadRequestError,
    PlanQuotaError,
    ServerError,
)
from qwensim.verdict import Judgement

Client = Any
"""That of conftest.py."""
Judged = Callable[[str], Judgement]
HOST = "https://dashscope-intl.aliyuncs.com"
KEY = "sk-not-a-real-key"
CODING = "https://coding-intl.dashscope.aliyuncs.com/v1/chat/completions"
PLAN_KEY = "sk-sp-not-a-real-key"
TASK = f"{HOST}/api/v1/tasks/86ecf553-d340-4e21-af6e-a0c6a421c010"


def requests_of(judgement: Judgement) -> list[tuple[int, ...]]:
    return [breach.requests for breach in judgement.breaches]


def other_judgements_than(rule: str, fake: Fake) -> set[str]:
    """Return the other rules that were broken."""
    return {one.rule for one in fake.verdict(timed=True).failures()} - {rule}


class TestRetriedFinalError:
    RULE = "retried-final-error"

    def test_the_provider_and_the_openai_client_keep_it(
        self, provider: QwenProvider, client: Client, judged: Judged
    ) -> None:
        with pytest.raises(BadRequestError):
            provider.chat("qwen/qwen3.5-plus", "Hello", temperature=9)
        sdk = openai.OpenAI(
            api_key="wrong", base_url=f"{HOST}/compatible-mode/v1", http_client=client.http
        )
        with pytest.raises(openai.AuthenticationError):
            sdk.chat.completions.create(model="qwen-plus", messages=[])
        assert judged(self.RULE).outcome == "passed"
        assert judged(self.RULE).occasions == 2

    def test_the_same_bad_request_again_breaks_it(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        for _ in range(3):
            client.chat(temperature=9, wait=1)
        assert requests_of(judged(self.RULE)) == [(1, 2), (2, 3)]
        assert judged(self.RULE).breaches[0].seen.startswith("400 temperature-range does not pass")
        assert other_judgements_than(self.RULE, fake) == set()

    def test_an_error_that_a_test_set_counts_though_the_second_try_succeeds(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.fault("error", error="moderation-input")
        client.chat()
        client.chat()
        assert requests_of(judged(self.RULE)) == [(1, 2)]
        fake.script(error="overdue")
        client.chat(seed=1)
        client.chat(seed=1)
        assert requests_of(judged(self.RULE)) == [(1, 2), (3, 4)]

    def test_an_error_in_mid_stream_counts(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.fault("error-event", error="moderation-output", after=2)
        client.chat(stream=True)
        client.chat(stream=True)
        assert requests_of(judged(self.RULE)) == [(1, 2)]

    def test_another_key_is_another_request(self, client: Client, judged: Judged) -> None:
        client.chat(key="sk-sp-first")
        client.chat(key="sk-sp-second")
        assert judged(self.RULE).outcome == "passed"
        client.chat(key="sk-sp-first")
        assert requests_of(judged(self.RULE)) == [(1, 3)]

    def test_a_cause_that_was_removed_in_between_is_no_retry(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.account(key=KEY, state="overdue")
        client.chat()
        fake.account(key=KEY)
        client.chat()
        assert (judged(self.RULE).outcome, judged(self.RULE).occasions) == ("passed", 1)

    def test_two_minutes_later_it_is_asked_anew(self, client: Client, judged: Judged) -> None:
        client.chat(temperature=9)
        client.chat(temperature=9, wait=121)
        assert judged(self.RULE).outcome == "passed"

    def test_a_quota_of_the_plan_that_is_spent_does_not_pass(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.account(key=PLAN_KEY, plan="coding", spent="hour")
        provider = QwenProvider(
            auth_choice="qwen-api-key", api_key=PLAN_KEY, environ={}, http_client=client.http
        )
        with pytest.raises(PlanQuotaError):
            provider.chat("qwen/qwen3.5-plus", "Hello")
        assert judged(self.RULE).outcome == "passed"
        for _ in range(2):
            client.chat(url=CODING, key=PLAN_KEY, model="qwen3.5-plus", seed=1)
        assert requests_of(judged(self.RULE)) == [(2, 3)]

    def test_what_passes_is_no_occasion(self, fake: Fake, client: Client, judged: Judged) -> None:
        fake.fault("error", error="rate-limit", times=2)
        fake.fault("drop-before-headers")
        for _ in range(4):
            client.chat()
        assert judged(self.RULE).outcome == "not judged"
        assert judged(self.RULE).reason == "no occasion: an error that does not pass"

    def test_a_task_that_has_failed_and_is_asked_for_again_counts(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        for _ in range(2):
            client.send("POST", f"{TASK}/cancel")
        assert requests_of(judged(self.RULE)) == [(1, 2)]


class TestIgnoredRetryAfter:
    RULE = "ignored-retry-after"

    def test_the_provider_keeps_it(
        self, fake: Fake, provider: QwenProvider, judged: Judged
    ) -> None:
        fake.fault("error", error="rate-limit", headers={"Retry-After": "37"}, times=2)
        provider.chat("qwen/qwen3.5-plus", "Hello")
        assert (judged(self.RULE).outcome, judged(self.RULE).occasions) == ("passed", 2)

    def test_a_date_is_kept_too(self, fake: Fake, provider: QwenProvider, judged: Judged) -> None:
        until = formatdate(fake.simulator.clock.now() + 37, usegmt=True)
        fake.fault("error", error="rate-limit", headers={"retry-after": until})
        provider.chat("qwen/qwen3.5-plus", "Hello")
        assert (judged(self.RULE).outcome, judged(self.RULE).occasions) == ("passed", 1)

    @given(asked=st.integers(0, 600), waited=st.floats(0, 600))
    def test_to_ask_sooner_breaks_it(
        self, asked: int, waited: float, new_client: Callable[[], Client]
    ) -> None:
        client = new_client()
        fake: Fake = client.fake
        fake.fault("error", error="rate-limit", headers={"retry-after": str(asked)})
        client.chat()
        asked_at = fake.simulator.clock.now()
        client.chat(wait=waited)
        gap = fake.simulator.clock.now() - asked_at  # in the precision of the clock
        broken = {one.rule for one in fake.verdict(timed=True).failures()}
        assert (self.RULE in broken) == (gap < asked)

    @pytest.mark.parametrize("value", ["soon", "nan", "-1", ""])
    def test_a_value_that_says_nothing_is_nothing_to_wait_for(
        self, value: str, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.fault("error", error="rate-limit", headers={"retry-after": value})
        client.chat()
        client.chat(wait=1)
        assert judged(self.RULE).outcome in ("passed", "not judged")

    def test_a_clock_that_stands_still_tells_nothing(self, fake: Fake, client: Client) -> None:
        fake.fault("error", error="rate-limit", headers={"retry-after": "9"})
        client.chat()
        client.chat()
        judgements = {one.rule: one for one in fake.verdict().judgements}
        for rule in (self.RULE, "no-backoff"):
            assert judgements[rule].outcome == "not judged"
            assert judgements[rule].reason == "the client does not wait on the service's clock"


class TestNoBackoff:
    RULE = "no-backoff"

    def test_the_provider_keeps_it(
        self, fake: Fake, provider: QwenProvider, judged: Judged
    ) -> None:
        fake.fault("error", error="overloaded", times=3)
        with pytest.raises(ServerError):
            provider.chat("qwen/qwen3.5-plus", "Hello")
        assert judged(self.RULE).outcome == "passed"

    @given(st.lists(st.sampled_from([0.05, 0.5, 1.0, 2.0, 4.0, 8.0]), min_size=1, max_size=5))
    def test_waits_at_once_are_always_blamed_and_waits_that_grow_never(
        self, new_client: Callable[[], Client], waits: list[float]
    ) -> None:
        client = new_client()
        fake: Fake = client.fake
        fake.fault("error", error="overloaded", times=len(waits))
        for wait in (0, *waits):
            client.chat(wait=wait)
        broken = {one.rule for one in fake.verdict(timed=True).failures()}
        if min(waits) < 0.2:
            assert self.RULE in broken
        elif all(before < after for before, after in pairwise(waits)):
            assert self.RULE not in broken

    @pytest.mark.parametrize(
        ("waits", "outcome"),
        [
            ((0.0,), "failed"),
            ((0.1,), "failed"),
            ((0.5,), "passed"),
            ((2, 4, 8), "passed"),
            ((1, 1), "passed"),
            ((1, 1, 1), "failed"),
            ((4, 2, 1), "failed"),
            ((30, 30, 30), "passed"),
            ((2, 4, 0), "failed"),
        ],
        ids=str,
    )
    def test_waits(
        self, waits: tuple[float, ...], outcome: str, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.fault("error", error="overloaded", times=len(waits))
        client.chat()
        for wait in waits:
            client.chat(wait=wait)
        assert judged(self.RULE).outcome == outcome
        assert judged(self.RULE).occasions == 1

    def test_waits_that_were_asked_for_are_judged_elsewhere(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.fault("error", error="overloaded", headers={"retry-after": "0"})
        client.chat()
        client.chat()
        assert judged(self.RULE).outcome == "not judged"

    def test_another_request_at_once_is_no_retry(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.fault("error", error="overloaded", times=2)
        client.chat()
        client.chat(model="qwen-max")
        assert judged(self.RULE).outcome == "not judged"


class TestRetryStorm:
    RULE = "retry-storm"

    @given(tries=st.integers(1, 12), faults=st.integers(1, 12))
    def test_more_than_six_tries_in_vain_break_it(
        self, tries: int, faults: int, new_client: Callable[[], Client]
    ) -> None:
        client = new_client()
        fake: Fake = client.fake
        fake.fault("error", error="overloaded", times=faults)
        for _ in range(tries):
            client.chat(wait=100)
        broken = {one.rule for one in fake.verdict().failures()}
        assert (self.RULE in broken) == (min(tries, faults) > 6)

    def test_it_ends_where_the_client_pauses(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.fault("connect-error", times=None)
        for wait in (0, 1, 2, 4, 300, 1, 2, 4):
            client.chat(wait=wait)
        assert (judged(self.RULE).outcome, judged(self.RULE).occasions) == ("passed", 2)


def test_a_wrong_key_told_once_is_no_breach(client: Client, fake: Fake) -> None:
    with pytest.raises(AuthError):
        QwenProvider(api_key="sk-sp-x", environ={}, http_client=client.http).chat(
            "qwen/qwen3.5-plus", "Hello"
        )
    fake.assert_client_behaves(timed=True)
