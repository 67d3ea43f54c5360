"""Rules on streams, reasoning and tasks, with a client that keeps each and one that does not."""

from collections.abc import Callable
from typing import Any

import pytest

from qwensim import Fake, QwenProvider
from qwensim.provider import (
    ProviderError,
    TaskError,
    TruncatedStreamError,
)
from qwensim.verdict import Judgement

Client = Any
"""That of conftest.py."""
Judged = Callable[[str], Judgement]
HOST = "https://dashscope-intl.aliyuncs.com"
QUESTION = {"role": "user", "content": "Hello"}
CODING = "https://coding-intl.dashscope.aliyuncs.com/v1/chat/completions"
PLAN_KEY = "sk-sp-not-a-real-key"
TASK = f"{HOST}/api/v1/tasks/86ecf553-d340-4e21-af6e-a0c6a421c010"
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def requests_of(judgement: Judgement) -> list[tuple[int, ...]]:
    return [breach.requests for breach in judgement.breaches]


def other_judgements_than(rule: str, fake: Fake) -> set[str]:
    """Return the other rules that were broken."""
    return {one.rule for one in fake.verdict(timed=True).failures()} - {rule}


def read(provider: QwenProvider) -> None:
    """Ask for a stream and read it to its end."""
    with provider.chat("qwen/qwen3.5-plus", "Hello", stream=True) as stream:
        for _ in stream:
            pass


class TestTruncatedStreams:
    NOT_ASKED, WHOLE = "truncated-not-asked-again", "truncated-taken-as-whole"

    @pytest.mark.parametrize("kind", ["drop", "truncated-chunk"])
    def test_nothing_follows(
        self, kind: Any, fake: Fake, provider: QwenProvider, judged: Judged
    ) -> None:
        fake.fault(kind, after=2)
        with pytest.raises(ProviderError):
            read(provider)
        assert judged(self.NOT_ASKED).outcome == "failed"
        assert judged(self.WHOLE).outcome == "not judged"

    @pytest.mark.parametrize("again", [{}, {"stream": False}, {"model": "qwen-max"}], ids=str)
    def test_the_answer_is_asked_for_again(
        self, again: dict[str, Any], fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.fault("drop", after=2)
        client.chat(stream=True)
        client.chat(**{"stream": True, **again})
        assert judged(self.NOT_ASKED).outcome == "passed"
        assert judged(self.WHOLE).outcome == "passed"

    def test_the_rest_is_asked_for(self, fake: Fake, client: Client, judged: Judged) -> None:
        fake.fault("drop", after=2)
        client.chat(stream=True)
        client.chat(messages=[QUESTION, {"role": "assistant", "content": "Once", "partial": True}])
        assert judged(self.NOT_ASKED).outcome == "passed"
        assert judged(self.WHOLE).outcome == "not judged"

    def test_the_conversation_goes_on_with_a_part(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.fault("drop", after=2)
        client.chat(stream=True)
        answer = {"role": "assistant", "content": "Once"}
        client.chat(stream=True, messages=[QUESTION, answer, QUESTION])
        assert requests_of(judged(self.NOT_ASKED)) == [(1,)]
        assert requests_of(judged(self.WHOLE)) == [(1, 2)]

    def test_another_conversation_tells_nothing(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.fault("drop", after=2)
        client.chat(stream=True)
        client.chat(messages=[{"role": "user", "content": "Something else"}])
        assert judged(self.NOT_ASKED).outcome == "failed"
        assert judged(self.WHOLE).outcome == "not judged"

    def test_a_stream_without_its_last_event_is_whole(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        fake.fault("missing-done")
        client.chat(stream=True)
        assert judged(self.NOT_ASKED).outcome == "not judged"

    def test_in_process_an_end_without_an_error_tells(self, fake: Fake, client: Client) -> None:
        fake.fault("drop", after=2)
        with (
            pytest.raises(AssertionError, match="requests 1: the stream broke off, and no error"),
            fake.judging(allow=[self.NOT_ASKED, "never-asked-for-usage"]),
        ):
            client.chat(stream=True)

    def test_in_process_an_error_tells(self, fake: Fake, provider: QwenProvider) -> None:
        fake.fault("drop", after=2)
        with (
            pytest.raises(TruncatedStreamError),
            fake.judging(allow=[self.NOT_ASKED]),
        ):
            read(provider)


class TestNeverAskedForUsage:
    RULE = "never-asked-for-usage"

    def test_the_provider_keeps_it(self, provider: QwenProvider, judged: Judged) -> None:
        read(provider)
        assert (judged(self.RULE).outcome, judged(self.RULE).occasions) == ("passed", 1)

    def test_streams_without_the_option_break_it(self, client: Client, judged: Judged) -> None:
        client.chat(stream=True)
        client.chat(stream=True, stream_options={"include_usage": False})
        assert requests_of(judged(self.RULE)) == [(1, 2)]
        client.chat(stream=True, stream_options={"include_usage": True})
        assert judged(self.RULE).outcome == "passed"

    def test_whole_answers_have_it_anyway(self, client: Client, judged: Judged) -> None:
        client.chat()
        assert judged(self.RULE).outcome == "not judged"

    def test_native_streams_have_it_anyway(self, client: Client, judged: Judged) -> None:
        body = {"model": "qwen-plus", "input": {"messages": [QUESTION]}}
        url = f"{HOST}/api/v1/services/aigc/text-generation/generation"
        client.http.headers["x-dashscope-sse"] = "enable"
        assert "event:result" in client.send("POST", url, json=body)
        assert judged(self.RULE).outcome == "not judged"


class TestReasoningNotSentBack:
    RULE = "reasoning-not-sent-back"

    @staticmethod
    def loop(fake: Fake, client: Client, model: str = "kimi-k2.5", **turn: Any) -> None:
        """Answer a call of a tool; `turn` is what is repeated of the turn with the call."""
        ask = {"url": CODING, "key": PLAN_KEY, "model": model, "tools": [TOOL]}
        fake.script(reasoning="The user wants it.", tool_calls=[("weather", {"city": "Paris"})])
        client.chat(**ask, enable_thinking=True)
        function = {"name": "weather", "arguments": '{"city": "Paris"}'}
        call = {"id": "call_1", "type": "function", "function": function}
        turns = [
            QUESTION,
            {"role": "assistant", "content": "", "tool_calls": [call], **turn},
            {"role": "tool", "tool_call_id": "call_1", "content": "Sunny"},
        ]
        client.chat(**ask, enable_thinking=True, messages=turns)

    def test_to_send_it_keeps_the_rule(self, fake: Fake, client: Client, judged: Judged) -> None:
        self.loop(fake, client, reasoning_content="The user wants it.")
        assert (judged(self.RULE).outcome, judged(self.RULE).occasions) == ("passed", 1)

    def test_to_leave_it_out_breaks_the_rule(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        self.loop(fake, client)
        assert requests_of(judged(self.RULE)) == [(1, 2)]
        assert other_judgements_than(self.RULE, fake) == set()

    def test_a_model_that_does_not_want_it_is_no_occasion(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        self.loop(fake, client, "qwen3.5-plus")
        assert judged(self.RULE).outcome == "not judged"

    def test_a_turn_before_the_last_question_is_past(
        self, fake: Fake, client: Client, judged: Judged
    ) -> None:
        ask = {"url": CODING, "key": PLAN_KEY, "model": "kimi-k2.5", "enable_thinking": True}
        client.chat(**ask)
        call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        turn = {"role": "assistant", "content": "", "tool_calls": [call]}
        result = {"role": "tool", "tool_call_id": "c", "content": "Sunny"}
        client.chat(**ask, messages=[QUESTION, turn, result, QUESTION])
        assert judged(self.RULE).outcome == "not judged"


class TestPolledUnknownTask:
    RULE = "polled-unknown-task"

    def test_the_provider_keeps_it(self, provider: QwenProvider, judged: Judged) -> None:
        with pytest.raises(TaskError):
            provider.wait_for_video(TASK.rpartition("/")[2])
        assert (judged(self.RULE).outcome, judged(self.RULE).occasions) == ("passed", 1)

    @pytest.mark.parametrize(("polls", "outcome"), [(2, "passed"), (3, "failed"), (20, "failed")])
    def test_polls(
        self, polls: int, outcome: str, fake: Fake, client: Client, judged: Judged
    ) -> None:
        for _ in range(polls):
            client.send("GET", TASK)
        assert judged(self.RULE).outcome == outcome
        assert other_judgements_than(self.RULE, fake) == set()

    def test_a_task_that_is_known_may_be_polled(
        self, fake: Fake, provider: QwenProvider, judged: Judged
    ) -> None:
        provider.video("A cat.", model="qwen/wan2.6-t2v")
        assert judged(self.RULE).outcome == "not judged"
