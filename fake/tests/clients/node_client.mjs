// The official Node client (npm: openai) in a conversation with the fake server.
//
//   cargo run -p openai-assistants-fake -- --port 4010 --script fake/tests/clients/conversation.json
//   OPENAI_BASE_URL=http://127.0.0.1:4010/v1 OPENAI_API_KEY=fake-key node fake/tests/clients/node_client.mjs
//
// Run it in a folder in which `npm install openai` was executed.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const OpenAI = require("openai").default;
const { VERSION } = require("openai/version");

const CITIES = { Oslo: "12", Rome: "21", Bern: "17" };
const TOOL = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather in a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

function outputs(run) {
  return run.required_action.submit_tool_outputs.tool_calls.map((call) => ({
    tool_call_id: call.id,
    output: CITIES[JSON.parse(call.function.arguments).city],
  }));
}

const textOf = (message) => message.content[0].text.value;

/** Reads a stream to its end. Returns the names of its events, and the last run. */
async function follow(events) {
  const names = [];
  let run;
  for await (const { event, data } of events) {
    names.push(event);
    if (data.object === "thread.run") run = data;
  }
  return { names, run };
}

const { beta } = new OpenAI();

const assistant = await beta.assistants.create({ model: "gpt-4o", name: "Weather", tools: [TOOL] });
// The service adds the default of `strict`.
const { type, function: definition } = TOOL;
assert.deepEqual((await beta.assistants.retrieve(assistant.id)).tools, [
  { type, function: { ...definition, strict: false } },
]);

// The first run is polled.
const thread = await beta.threads.create({ messages: [{ role: "user", content: "Hi" }] });
const params = { assistant_id: assistant.id };
const first = await beta.threads.runs.createAndPoll(thread.id, params);
assert.equal(first.status, "completed");
assert.ok(first.usage.total_tokens > 0);
const written = await beta.threads.messages.list(thread.id, { run_id: first.id });
assert.equal(textOf(written.data[0]), "Hello, I tell the weather.");

// The second run is streamed, with parallel calls.
await beta.threads.messages.create(thread.id, { role: "user", content: "Oslo or Rome?" });
const second = await follow(await beta.threads.runs.create(thread.id, { ...params, stream: true }));
assert.equal(second.names.at(0), "thread.run.created");
assert.equal(second.run.status, "requires_action");
await assert.rejects(
  beta.threads.messages.create(thread.id, { role: "user", content: "Well?" }),
  (error) => error instanceof OpenAI.BadRequestError && error.message.includes(second.run.id),
);
const submitted = beta.threads.runs.submitToolOutputsStream(second.run.id, {
  thread_id: thread.id,
  tool_outputs: outputs(second.run),
});
const [reply] = await submitted.finalMessages();
assert.equal(textOf(reply), "Rome is warmer [1].");
assert.equal(reply.content[0].text.annotations[0].text, "[1]");
assert.equal((await submitted.finalRun()).status, "completed");

// The third run uses the accumulation of the client.
await beta.threads.messages.create(thread.id, { role: "user", content: "And Bern?" });
const streamed = beta.threads.runs.stream(thread.id, params);
const blocked = await streamed.finalRun();
const last = await beta.threads.runs.submitToolOutputsAndPoll(blocked.id, {
  thread_id: thread.id,
  tool_outputs: outputs(blocked),
});
assert.equal(last.status, "completed");

// Pagination.
const messages = [];
for await (const message of beta.threads.messages.list(thread.id, { limit: 2, order: "asc" })) {
  messages.push(message);
}
assert.deepEqual(messages.map((message) => message.role), Array(3).fill(["user", "assistant"]).flat());
assert.equal(textOf(messages.at(-1)), "Bern is in between.");
const steps = [];
for await (const step of beta.threads.runs.steps.list(last.id, { thread_id: thread.id, limit: 1 })) {
  steps.push(step.type);
}
assert.deepEqual(steps, ["message_creation", "tool_calls"]);

// Errors.
await assert.rejects(
  beta.threads.retrieve("thread_missing"),
  (error) => error instanceof OpenAI.NotFoundError && error.requestID.startsWith("req_"),
);

assert.ok((await beta.threads.delete(thread.id)).deleted);
assert.ok((await beta.assistants.delete(assistant.id)).deleted);
console.log(`openai ${VERSION} for Node: all checks passed`);
