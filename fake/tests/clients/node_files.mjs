// The official Node client (npm: openai): files, vector stores, and a run that cites.
//
//   cargo run -p openai-assistants-fake -- --port 4010
//   OPENAI_BASE_URL=http://127.0.0.1:4010/v1 OPENAI_API_KEY=fake-key node fake/tests/clients/node_files.mjs
//
// Run it in a folder in which `npm install openai` was executed.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "package.json"));
const OpenAI = require("openai").default;
const { toFile } = require("openai");
const { VERSION } = require("openai/version");

const PRICES = "# Prices\nA ticket for adults is 20 euros.\nChildren are free.\n";
const textFile = (name, text) => toFile(Buffer.from(text), name);

const client = new OpenAI();
const { beta, files, vectorStores } = client;

// Files.
const file = await files.create({ file: await textFile("prices.md", PRICES), purpose: "assistants" });
assert.equal(file.bytes, PRICES.length);
assert.equal(await (await files.content(file.id)).text(), PRICES);
await assert.rejects(
  files.create({ file: await textFile("a.md", "a"), purpose: "world_domination" }),
  (error) => error instanceof OpenAI.BadRequestError && error.param === "purpose",
);

// A vector store, filled by each of the helpers.
const store = await vectorStores.create({ name: "Docs", file_ids: [file.id] });
const weather = await vectorStores.files.uploadAndPoll(
  store.id,
  await textFile("weather.md", "It rains in Bergen."),
);
assert.equal(weather.status, "completed");
const batch = await vectorStores.fileBatches.uploadAndPoll(store.id, {
  files: [await textFile("hours.md", "The museum opens at nine."), await textFile("map.png", "x")],
});
assert.equal(batch.status, "completed");
assert.deepEqual([batch.file_counts.completed, batch.file_counts.failed], [1, 1]);

// Search.
await vectorStores.files.update(weather.id, { vector_store_id: store.id, attributes: { year: 2024 } });
const results = [];
const query = { query: "Bergen ticket", filters: { type: "gte", key: "year", value: 2024 } };
for await (const result of vectorStores.search(store.id, query)) results.push(result.filename);
assert.deepEqual(results, ["weather.md"]);

// A run that searches and cites.
const assistant = await beta.assistants.create({
  model: "gpt-4o",
  tools: [{ type: "file_search" }],
  tool_resources: { file_search: { vector_store_ids: [store.id] } },
});
const thread = await beta.threads.create({
  messages: [{ role: "user", content: "What is a ticket for adults?" }],
});
const streamed = beta.threads.runs.stream(thread.id, { assistant_id: assistant.id });
const [message] = await streamed.finalMessages();
const { value, annotations } = message.content[0].text;
assert.equal(annotations.length, 1);
assert.equal(value.slice(annotations[0].start_index, annotations[0].end_index), annotations[0].text);
const cited = await files.retrieve(annotations[0].file_citation.file_id);
console.log(`${value} (${cited.filename})`);
assert.equal(cited.id, file.id);
const steps = await streamed.finalRunSteps();
assert.ok(steps.some((step) => step.type === "tool_calls"));

assert.ok((await vectorStores.delete(store.id)).deleted);
assert.ok((await files.delete(file.id)).deleted);
console.log(`openai ${VERSION} for Node: files and vector stores passed`);
