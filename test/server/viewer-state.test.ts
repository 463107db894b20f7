import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../streams/watching.ts";

const { stateOf, StreamSource } = await import(
  pathToFileURL(packagePath("public", "stream-source.js")).href
);

test("beside a picture that says why there are no frames the viewer is never live, whatever the source flaps to", () => {
  const flapping = { isFaulty: false, state: "streaming" };
  const gone = { isFaulty: true, state: "disconnected" };
  const state = (shows: string | undefined, source: object, isStale = false) =>
    stateOf({ isLost: false, source, shows, isStale });
  assert.equal(state("reason", flapping), "opening");
  assert.equal(state("reason", gone), "disconnected");
  assert.equal(state("frame", flapping), "streaming");
  assert.equal(state("frame", gone), "streaming", "a frame has just come");
  assert.equal(state("frame", gone, true), "stale");
  assert.equal(state(undefined, flapping), "connecting");
  assert.equal(state(undefined, gone), "disconnected");
  assert.equal(stateOf({ isLost: true, source: gone, shows: "frame", isStale: false }), "lost");
});

test("an answer of the server that is older than the newest frame does not make its source faulty", {
  timeout: TEST_MS,
}, async (t) => {
  Reflect.set(globalThis, "document", { hidden: false });
  const answers: (() => void)[] = [];
  let isOver = false;
  const server = createServer((_, response) => {
    const state = JSON.stringify({ state: "disconnected", reason: "The camera is not there." });
    answers.push(() => response.end(state));
    if (isOver) response.writeHead(404).end("{}");
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const source = new StreamSource(`http://127.0.0.1:${port}`);
  source.tell("The camera is not there."); // asks which kind of fault it is
  await eventually(() => answers.length === 1);
  source.tell(undefined); // a frame
  answers[0]?.();
  await eventually(() => answers.length === 2); // it asks again when none comes: the first answer has been read
  assert.deepEqual([source.state, source.isFaulty], ["streaming", false]);
  answers[1]?.();
  await eventually(() => source.isFaulty);
  assert.equal(source.state, "disconnected");
  isOver = true; // a 404 ends its asking
  await eventually(() => answers.length === 3);
});
