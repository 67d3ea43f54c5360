// Asks by Node's own fetch, and prints what it was told as JSON.
const messages = [{ role: "user", content: "Hello" }];

async function ask(body, key = process.env.OPENAI_API_KEY) {
  const answer = await fetch(`${process.env.BASE_URL}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ model: "qwen-plus", messages, ...body }),
  });
  return [answer, await answer.text()];
}

async function refusal(body, key) {
  const [answer, text] = await ask(body, key);
  return [answer.statusText, answer.status, JSON.parse(text).error.code];
}

const chat = JSON.parse((await ask({}))[1]);
const chunks = (await ask({ stream: true, stream_options: { include_usage: true } }))[1]
  .split("\n\n")
  .filter((event) => event.startsWith("data: {"))
  .map((event) => JSON.parse(event.slice(6)));

console.log(
  JSON.stringify({
    chat: chat.choices[0].message.content,
    stream: chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""),
    usage: [chat.usage.total_tokens, chunks.at(-1).usage.total_tokens],
    unknown: await refusal({ model: "qwen-nope" }),
    "wrong key": await refusal({}, "sk-sp-0123456789"),
  }),
);
