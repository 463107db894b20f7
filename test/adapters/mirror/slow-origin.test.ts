import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { type TestContext, test } from "node:test";
import { ThingClient } from "thingscope/client";
import { Mirror, type MirrorOrigin, ServerOrigin } from "../../../src/adapters/mirror/index.ts";
import { OriginValues } from "../../../src/adapters/mirror/origin-values.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { Microscope, mirrorOf, origin, program } from "./origins.ts";

const timeout = TEST_MS;

/** A server of a camera that answers as `answers` says, by the end of the path, and otherwise as it should. */
async function slow(t: TestContext, answers: Readonly<Record<string, RequestListener>>) {
  const microscope = new Microscope();
  const source = await origin(t, { microscope });
  const url = await program(t, async (request, response) => {
    const path = request.url ?? "";
    const own = Object.entries(answers).find(([end]) => path.endsWith(end));
    if (own) return own[1](request, response);
    const answer = await fetch(source.url + path);
    const text = (await answer.text()).replaceAll(source.url, url);
    response.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") ?? "" });
    response.end(text);
  });
  return { url, source, microscope };
}

/** One byte a moment, without an end. */
const drip: RequestListener = (_, response) => {
  response.writeHead(200, { "Content-Type": "application/json" });
  const timer = setInterval(() => response.write(" "), 20);
  response.on("close", () => clearInterval(timer));
};

test("an origin that answers byte by byte, or not at all, is told of in one sentence within its time, and asked again", {
  timeout,
}, async (t) => {
  const listMs = 300;
  const never: RequestListener = () => {};
  for (const [end, fault] of [
    ["/thing_descriptions/", drip],
    ["/thing_descriptions/", never],
    ["/directory/events", never],
  ] as const) {
    const { url } = await slow(t, { [end]: fault });
    const slowly = new ServerOrigin(url, {}, { listMs });
    await assert.rejects(
      slowly.follow(() => {}, patience()),
      {
        code: "UNREACHABLE",
        message: `${url}${end} cannot be reached: it did not answer within 0.3 s. Is the server running, and is the address right?`,
      },
    );
  }
});

test("a question that the origin does not answer ends, and the next one is asked anew", {
  timeout,
}, async (t) => {
  let asked = 0;
  const gain: RequestListener = (_, response) => {
    asked += 1;
    if (asked > 1) response.writeHead(200, { "Content-Type": "application/json" }).end("7");
  };
  const { url } = await slow(t, { "/microscope/gain": gain });
  const client = await ThingClient.connect(`${url}/microscope/`);
  const listener = { onValue() {}, onEvent() {}, onConnected() {} };
  const values = new OriginValues(client, listener, { answerMs: 300 });
  const both = [values.read("gain", false, patience()), values.read("gain", false, patience())];
  for (const one of both)
    await assert.rejects(one, {
      code: "DISCONNECTED",
      message: /^The origin did not tell 'gain' of 'Microscope' within 0\.3 s\./,
    });
  assert.equal(asked, 1);
  assert.equal(await values.read("gain", false, patience()), 7);
});

test("a flood of changes while the origin is slow takes no memory, and is one question", {
  timeout,
}, async (t) => {
  const copy = await mirrorOf(t, (await origin(t, { microscope: new Microscope() })).url);
  let told: () => void = () => {};
  const flooded = new Promise<void>((resolve) => {
    told = resolve;
  });
  let answer: () => void = () => {};
  let asked = 0;
  let gained = 0;
  const flooding: MirrorOrigin = {
    connection: {},
    things: () => {
      asked += 1;
      return new Promise((resolve) => {
        answer = () => resolve([]);
      });
    },
    follow: async (onChange, signal) => {
      onChange();
      await Promise.resolve();
      const before = process.memoryUsage().heapUsed;
      for (let n = 0; n < 400_000; n++) onChange();
      gained = process.memoryUsage().heapUsed - before;
      told();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  };
  const mirror = new Mirror(flooding, copy.server, {
    ...{ pictures: {}, maxViewers: 10, passesCommands: false, log: copy.log.log },
  });
  mirror.start();
  await flooded;
  assert.ok(gained < 10e6, `${(gained / 1e6).toFixed(1)} MB`);
  assert.equal(asked, 1);
  const closed = mirror.close();
  answer();
  await closed;
  assert.equal(asked, 1);
});
