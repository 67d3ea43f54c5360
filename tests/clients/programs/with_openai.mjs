// Asks by the npm package `openai`, and prints what it was told as JSON.
import OpenAI from "openai";

const messages = [{ role: "user", content: "Hello" }];
const options = { baseURL: process.env.BASE_URL, maxRetries: 0 };
const client = new OpenAI(options);

async function refusal(client, model) {
  try {
    await client.chat.completions.create({ model, messages });
  } catch (error) {
    return [error.constructor.name, error.status, error.code];
  }
}

const chat = await client.chat.completions.create({ model: "qwen-plus", messages });
const chunks = [];
const stream = await client.chat.completions.create({
  model: "qwen-plus",
  messages,
  stream: true,
  stream_options: { include_usage: true },
});
for await (const chunk of stream) chunks.push(chunk);

console.log(
  JSON.stringify({
    chat: chat.choices[0].message.content,
    stream: chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""),
    usage: [chat.usage.total_tokens, chunks.at(-1).usage.total_tokens],
    unknown: await refusal(client, "qwen-nope"),
    "wrong key": await refusal(new OpenAI({ ...options, apiKey: "sk-sp-0123456789" }), "qwen-plus"),
  }),
);
