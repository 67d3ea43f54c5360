"""A help desk: answers customers with Qwen and looks up their orders."""

import json
import sys
from collections.abc import Callable, Iterator

import httpx2
import openai
from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionMessageParam

MODEL = "qwen-plus"
LOOK_UP: ChatCompletionFunctionToolParam = {
    "type": "function",
    "function": {
        "name": "look_up_order",
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "integer"}},
            "required": ["number"],
        },
    },
}


def answer(client: openai.OpenAI, question: str) -> Iterator[str]:
    """Yield the answer as it comes; where the connection breaks, say so."""
    stream = client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": question}], stream=True
    )
    try:
        for chunk in stream:
            yield chunk.choices[0].delta.content or ""
    except (openai.APIConnectionError, httpx2.TransportError):
        yield " [the rest was lost]"


def settle(client: openai.OpenAI, question: str, look_up: Callable[[int], str]) -> str:
    """Return an answer for which the model may look up orders."""
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": question}]
    while True:
        reply = client.chat.completions.create(model=MODEL, messages=messages, tools=[LOOK_UP])
        message = reply.choices[0].message
        if not message.tool_calls:
            return message.content or ""
        messages.append(
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": call.id,
                        "type": "function",
                        "function": {
                            "name": call.function.name,
                            "arguments": call.function.arguments,
                        },
                    }
                    for call in message.tool_calls
                    if call.type == "function"
                ],
            }
        )
        for call in message.tool_calls:
            if call.type == "function":
                found = look_up(json.loads(call.function.arguments)["number"])
                messages.append({"role": "tool", "tool_call_id": call.id, "content": found})


def main() -> None:
    """Answer the question on the command line; address and key come from the environment."""
    with openai.OpenAI() as client:
        for piece in answer(client, sys.argv[1]):
            sys.stdout.write(piece)


if __name__ == "__main__":
    main()
