// `<thing-view>` with Things of servers that this package has not written, as their descriptions and answers may be.
import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { TEST_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";
import {
  ANSWERED,
  described,
  type ForeignServer,
  foreignServer,
  refuse,
  send,
} from "./foreign-server.ts";

const timeout = TEST_MS;
const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;
const itself = (name: string) => ({ $ref: `#/properties/${name}` });

/** The page of a Thing, connected, with all groups unfolded. */
async function shown(t: TestContext, server: ForeignServer): Promise<Page> {
  const { page } = await openPage(t, { width: 1440, height: 900 });
  await page.goto(server.origin);
  return unfolded(page);
}

async function unfolded(page: Page): Promise<Page> {
  await page.getByText("Connected", { exact: true }).waitFor();
  const more = page.getByRole("button", { name: /^Show all \d+$/ });
  while (await more.count()) await more.first().click();
  return page;
}

function controlOf(page: Page, name: string): Locator {
  return page.locator(`property-control[name=${JSON.stringify(name)}]`);
}

/** Waits for a text in the control of a property. */
async function says(page: Page, name: string, text: string | RegExp): Promise<void> {
  await controlOf(page, name).getByText(text).first().waitFor();
}

/** Resolves when the page has written so much. */
async function written(server: ForeignServer, count: number): Promise<void> {
  while (server.writes.length < count) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("each property of an odd description has a control, its value, or the reason why it has none", {
  timeout,
}, async (t) => {
  const two = { type: "object", required: ["l", "r"] };
  const schemas = {
    number: { type: "number", minimum: 0, maximum: 10 },
    flag: { type: "boolean" },
    menu: { enum: ["a", "b", "c", "d"] },
    rounded: { type: "integer", readOnly: true },
    tree: { ...two, properties: { l: itself("tree"), r: itself("tree") } },
    list: { type: "array", items: itself("list") },
    numbers: { type: "array", items: { type: "number" } },
    plain: { type: "string", forms: [{ href: "properties/plain", contentType: "text/plain" }] },
    file: { readOnly: true, forms: [{ href: "properties/file", contentType: "application/zip" }] },
    scaled: {
      type: "number",
      readOnly: true,
      uriVariables: { by: { type: "integer" } },
      forms: [{ href: "properties/scaled{?by}" }],
    },
    both: {
      type: "number",
      forms: [
        { href: "properties/both", contentType: "application/cbor" },
        { href: "properties/both" },
      ],
    },
    formless: { type: "number", forms: [] },
    coap: { type: "number", forms: [{ href: "coap://there/x" }] },
    elsewhere: { type: "number", forms: [{ href: "http://localhost:1/x" }] },
    refused: { type: "number" },
    worded: { type: "number", titles: { de: "Zahl", en: "Number in words" } },
    [HOSTILE]: { type: "string", title: HOSTILE, unit: HOSTILE },
    long: { type: "string", title: "T".repeat(10_000) },
    ...JSON.parse('{"__proto__": {"type": "number"}, "constructor": {"type": "number"}}'),
  };
  const values = {
    number: "warm",
    flag: "yes",
    menu: "z",
    tree: { l: { l: {} } },
    list: [[], [[]]],
    worded: 1,
    elsewhere: 1,
    numbers: Array(100_000).fill(1),
    [HOSTILE]: HOSTILE,
    constructor: 7,
    both: 8,
  };
  const server = await foreignServer(t, described(schemas), values);
  server.values.set("__proto__", 5);
  const answer = (name: string, type: string, body: string) =>
    server.handlers.set(`GET properties/${name}`, (_, __, response) => send(response, type, body));
  answer("rounded", "application/json", "9007199254740993");
  answer("plain", "text/plain", "in words");
  answer("file", "application/zip", "PK");
  server.handlers.set("GET properties/scaled", (_, { url }) => (url?.includes("by=3") ? 30 : 10));
  server.handlers.set("GET properties/refused", (_, __, response) =>
    refuse(response, 418, "I am a teapot. Ask the coffee machine."),
  );
  const page = await shown(t, server);

  await says(
    page,
    "number",
    'The Thing says "warm", which its description does not allow: A number',
  );
  await says(page, "flag", 'The Thing says "yes", which its description does not allow');
  await says(page, "menu", 'The Thing says "z", which its description does not allow');
  await says(page, "rounded", "≈ 9007199254740992");
  await says(page, "file", "Show");
  await says(page, "formless", "Its description has no form.");
  await says(page, "coap", "A browser cannot use it: it is offered over coap only.");
  await says(page, "elsewhere", /http:\/\/localhost:1\/x gave no answer .* \(CORS\)\?/);
  await says(page, "refused", "I am a teapot. Ask the coffee machine.");
  await says(page, "worded", "Number in words");
  await says(page, "numbers", "Edit 100000 numbers");
  assert.equal(await controlOf(page, "plain").getByRole("textbox").inputValue(), "in words");
  assert.equal(await controlOf(page, "__proto__").getByRole("spinbutton").inputValue(), "5");
  assert.equal(await controlOf(page, "both").getByRole("spinbutton").inputValue(), "8");
  assert.equal(await controlOf(page, "constructor").getByRole("spinbutton").inputValue(), "7");
  assert.ok(((await controlOf(page, "long").locator(".name").textContent()) ?? "").length < 300);
  assert.ok((await controlOf(page, "tree").getByRole("button", { name: /^Set/ }).count()) <= 4);
  await controlOf(page, "scaled").getByRole("spinbutton", { name: "by" }).fill("3");
  await controlOf(page, "scaled").getByRole("button", { name: "Read Scaled" }).click();
  await controlOf(page, "scaled")
    .locator("property-request schema-value")
    .getByText("30")
    .waitFor();
  assert.equal(await page.evaluate("window.hacked ?? null"), null);
  assert.equal(await page.locator("img[src=x]").count(), 0);
});

test("one property that never answers keeps nothing of the others", { timeout }, async (t) => {
  const server = await foreignServer(
    t,
    described({ stuck: { type: "number" }, fine: { type: "number" } }),
    { fine: 3 },
  );
  const { page } = await openPage(t);
  await page.clock.install();
  const asked = page.waitForRequest(/stuck/);
  server.handlers.set("GET properties/stuck", () => ANSWERED);
  await page.goto(server.origin);
  await asked;
  await page.clock.fastForward(8000);
  await unfolded(page);
  await says(page, "stuck", "The property 'stuck' was not answered within 8 s.");
  const fine = controlOf(page, "fine").getByRole("spinbutton");
  await fine.fill("4");
  await fine.press("Enter");
  await written(server, 1);
  assert.deepEqual(server.writes, [["fine", 4]]);
});

test("a value that the server refuses is told beside its control, whatever the answer looks like", {
  timeout,
}, async (t) => {
  const schemas = { worded: { type: "number" }, html: { type: "number" }, cut: { type: "number" } };
  const server = await foreignServer(t, described(schemas), { worded: 1, html: 1, cut: 1 });
  const refusal = "The lamp is hot. Wait a minute.";
  server.handlers.set("PUT properties/worded", (_, __, response) => refuse(response, 409, refusal));
  server.handlers.set("PUT properties/html", (_, __, response) => {
    response.statusCode = 500;
    return send(response, "text/html", `<h1>Oops</h1>${HOSTILE}`);
  });
  server.handlers.set("PUT properties/cut", (_, __, response) => {
    response.destroy();
    return ANSWERED;
  });
  const page = await shown(t, server);
  for (const [name, sentence] of [
    ["worded", refusal],
    ["html", /500/],
    ["cut", /cannot be reached/],
  ] as const) {
    const input = controlOf(page, name).getByRole("spinbutton");
    await input.fill("2");
    await input.press("Enter");
    await controlOf(page, name).getByRole("alert").getByText(sentence).waitFor();
    assert.equal(await input.inputValue(), "1", "the control shows what is true");
  }
  assert.equal(await page.evaluate("window.hacked ?? null"), null);
});

test("a description that changes while it is shown: limits move, a draft outlives its property, what is gone is forgotten", {
  timeout,
}, async (t) => {
  const point = { type: "object", properties: { x: { type: "number" } }, required: ["x"] };
  const speed = { type: "number", minimum: 0, maximum: 10 };
  const server = await foreignServer(t, described({ speed, point, other: { type: "number" } }), {
    speed: 5,
    point: { x: 1 },
    other: 3,
  });
  const page = await shown(t, server);
  await controlOf(page, "point").getByRole("spinbutton", { name: "x" }).fill("7");
  server.td = described({ speed: { ...speed, maximum: 100 } });
  await page.evaluate("document.querySelector('thing-view').thing.refresh()");
  await says(page, "point", "The Thing has no property 'point' any more");
  await controlOf(page, "other").waitFor({ state: "detached" });
  const known = () =>
    page.evaluate("[...document.querySelector('thing-view').thing.values.keys()]");
  assert.deepEqual(await known(), ["speed"]);
  await controlOf(page, "point").getByRole("button", { name: "Discard" }).click();
  await controlOf(page, "point").waitFor({ state: "detached" });
  const slider = controlOf(page, "speed").getByRole("slider");
  await slider.press("End");
  await written(server, 1);
  assert.deepEqual(server.writes, [["speed", 100]]);
});

test("a thousand runs before, and one that logs as fast as it can, cost the page little, and are told", {
  timeout,
}, async (t) => {
  const time = new Date().toISOString();
  const over = Array.from({ length: 1000 }, (_, n) => ({
    ...{ status: "completed", href: `/runs/${n}`, output: n },
    timeRequested: time,
  }));
  let lines = 0;
  const running = () => {
    const log = Array.from({ length: 1000 }, () => ({ message: `${++lines} ${HOSTILE}` }));
    return { status: "running", href: "/runs/flood", timeRequested: "2020-01-01T00:00:00Z", log };
  };
  const actions = Object.fromEntries(
    ["flood", "many"].map((name) => [name, { forms: [{ href: `actions/${name}` }] }]),
  );
  const forms = [{ op: "queryallactions", href: "actions" }];
  const server = await foreignServer(t, described({}, { actions, forms }));
  server.handlers.set("GET actions", () => ({ flood: [running()], many: over }));
  server.handlers.set("GET runs/flood", running);
  const page = await shown(t, server);
  await page.getByText("Before: the last 50").waitFor();
  await page.getByText("800 earlier lines").waitFor();
  const told = await page.evaluate(`(async () => {
    const { thing } = document.querySelector("thing-view");
    const form = document.querySelector("thing-view").shadowRoot.querySelector("action-form");
    const view = form.shadowRoot.querySelector("invocation-view");
    let changes = 0;
    view.invocation.addEventListener("change", () => (changes += 1));
    await new Promise((resolve) => view.invocation.addEventListener("change", resolve));
    await new Promise((resolve) => setTimeout(resolve));
    return changes;
  })()`);
  assert.equal(told, 1, "an answer with a thousand lines is one change");
  assert.equal(await page.evaluate("window.hacked ?? null"), null);
});

test("events without a stream for all of them are followed one by one, with pictures in their data; those that cannot be are named", {
  timeout,
}, async (t) => {
  const waiting: ServerResponse[] = [];
  const dot =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const data = { type: "string", contentEncoding: "base64", contentMediaType: "image/png" };
  const events = {
    seen: { data, forms: [{ href: "events/seen", subprotocol: "longpoll" }] },
    hidden: { forms: [{ href: "mqtt://there/hidden" }] },
  };
  const server = await foreignServer(t, described({}, { events }));
  server.handlers.set("GET events/seen", (_, __, response) => {
    waiting.push(response);
    return ANSWERED;
  });
  const page = await shown(t, server);
  const list = page.locator("event-list");
  await list
    .locator("li", { hasText: "Hidden" })
    .getByText("has no form for 'subscribeevent'")
    .waitFor();
  while (waiting.length === 0) await page.waitForTimeout(20);
  send(waiting[0]!, "application/json", JSON.stringify(dot));
  await list.locator("li", { hasText: "Seen" }).locator("img").waitFor();
});
