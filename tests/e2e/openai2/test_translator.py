"""The translator against the fake, without pytest."""
# ruff: noqa: PT009, PT027 - unittest's own assertions

import unittest
from pathlib import Path

import openai
from translator import QuotaSpentError, translate

import qwensim

CASSETTES = Path(__file__).parent / "cassettes"


def connect() -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url="https://dashscope.aliyuncs.com/compatible-mode/v1",
        api_key="sk-any-key-of-the-right-form",
        max_retries=0,
    )


class TranslatorTest(unittest.IsolatedAsyncioTestCase):
    @qwensim.mock(strict=True)
    async def test_texts_are_translated_at_once(self, fake: qwensim.Fake) -> None:
        fake.script("Bonjour !", last_user="Hello!", usage=qwensim.Counts(prompt=20, completion=4))
        fake.script("Au revoir !", last_user="Goodbye!")
        translations, tokens = await translate(connect(), ["Hello!", "Goodbye!"])
        self.assertEqual(translations, ["Bonjour !", "Au revoir !"])
        self.assertGreater(tokens, 24)
        fake.assert_requested(model="qwen3-max", stream_options={"include_usage": True}, times=2)

    @qwensim.mock()
    async def test_a_slow_answer_times_out_without_waiting(self, fake: qwensim.Fake) -> None:
        fake.fault("timeout")
        with self.assertRaises(openai.APITimeoutError):
            await translate(connect(), ["Hello!"])

    @qwensim.mock()
    async def test_a_spent_quota_is_told_in_the_words_of_the_service(
        self, fake: qwensim.Fake
    ) -> None:
        fake.fault("error", error="free-quota-exceeded")
        with self.assertRaises(QuotaSpentError) as caught:
            await translate(connect(), ["Hello!"])
        self.assertIn("quota", str(caught.exception))

    async def test_the_recording_is_played(self) -> None:
        with qwensim.mock(cassette=CASSETTES / "hello.yaml") as fake:
            fake.script("Bonjour !")  # for mock(…, record="once")
            translations, tokens = await translate(connect(), ["Hello!"])
        self.assertEqual(translations, ["Bonjour !"])
        self.assertGreater(tokens, 0)

    async def test_a_script_that_nobody_asked_for_is_a_failure(self) -> None:
        with self.assertRaisesRegex(AssertionError, "script not used up"), qwensim.mock() as fake:
            fake.script("Bonjour !")
            await translate(connect(), [])


if __name__ == "__main__":
    unittest.main()
