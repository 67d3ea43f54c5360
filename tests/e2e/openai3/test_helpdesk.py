"""The help desk against the fake, in process, behind a socket and from a cassette."""

import subprocess
import sys
from collections.abc import Iterator

import openai
import pytest
from helpdesk import answer, settle

from qwensim import Fake
from qwensim.fake import ServedFake


@pytest.fixture
def client() -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        api_key="sk-any-key-of-the-right-form",
    ) as client:
        yield client


def test_an_answer_streams(qwensim: Fake, client: openai.OpenAI) -> None:
    qwensim.script("You have 30 days to send it back.", last_user="return")
    pieces = list(answer(client, "May I return my kettle?"))
    assert "".join(pieces) == "You have 30 days to send it back."
    assert len(pieces) > 2
    qwensim.assert_requested(model="qwen-plus", stream=True, times=1)


def test_a_busy_service_is_asked_again(qwensim: Fake, client: openai.OpenAI) -> None:
    qwensim.fault("error", error="overloaded")
    qwensim.script("It is on its way.")
    assert "".join(answer(client, "Where is my kettle?")) == "It is on its way."
    assert [request.status for request in qwensim.requests] == [503, 200]


def test_a_broken_connection_is_told(qwensim: Fake, client: openai.OpenAI) -> None:
    qwensim.script("You have 30 days to send it back, if it has not been used.")
    qwensim.fault("drop", after=3)
    text = "".join(answer(client, "May I return my kettle?"))
    assert text.startswith("You have")
    assert text.endswith(" [the rest was lost]")


def test_an_order_is_looked_up(qwensim: Fake, client: openai.OpenAI) -> None:
    qwensim.script(tool_calls=[("look_up_order", {"number": 7})])
    qwensim.script("Order 7 has been sent.")
    orders = {7: "sent"}
    assert settle(client, "Where is order 7?", orders.__getitem__) == "Order 7 has been sent."
    qwensim.assert_requested(model="qwen-plus", last_user="order 7", times=2)


@pytest.mark.qwensim(strict=True)
def test_a_wrong_key_is_refused_in_the_words_of_the_service(qwensim: Fake) -> None:
    qwensim.account(key="sk-0123456789abcdef", plan="standard", region="global")
    client = openai.OpenAI(
        base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1", api_key="sk-another-key"
    )
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key provided"):
        list(answer(client, "Hello?"))


@pytest.mark.qwensim(cassette="opening_hours.yaml")
def test_the_opening_hours_of_the_recording(qwensim: Fake, client: openai.OpenAI) -> None:
    qwensim.script("From nine to five.")  # for `pytest --qwensim-record=once`
    assert "".join(answer(client, "When are you open?")) == "From nine to five."


def test_the_program_asks_the_server_of_its_environment(qwensim_server: ServedFake) -> None:
    qwensim_server.script("You have 30 days to send it back.", last_user="return")
    command = [sys.executable, "-m", "helpdesk", "May I return my kettle?"]
    program = subprocess.run(command, capture_output=True, check=True, text=True)
    assert program.stdout == "You have 30 days to send it back."
