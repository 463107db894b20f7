import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { limitHits } from "../../../src/base/limit-hits.ts";
import { AnswerQueue, largeAnswers } from "../../../src/server/http/answer-queue.ts";
import { TEST_MS } from "../../limits.ts";
import { eventually } from "../../streams/watching.ts";
import { laboratory } from "../cameras.ts";

const timeout = TEST_MS;

function computeFor(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test("large answers take turns by client, one a tick, and leave the loop three quarters of its time", {
  timeout,
}, async () => {
  const queue = new AnswerQueue();
  const order: string[] = [];
  let [workedMs, sinceTick] = [0, 0];
  let isOver = false;
  const count = () => {
    sinceTick = 0;
    if (!isOver) setImmediate(count);
  };
  count();
  const from = performance.now();
  const ask = async (client: string) => {
    await queue.turn(client);
    const began = performance.now();
    computeFor(20);
    workedMs += performance.now() - began;
    sinceTick += 1;
    assert.equal(sinceTick, 1, "two in one tick");
    order.push(client);
  };
  const greedy = Array.from({ length: 30 }, () => ask("greedy"));
  const modest = ["a", "b", "c"].map((client) => ask(client));
  await Promise.all(modest);
  assert.ok(order.length <= 8, `${order.length} came before the last who asked once`);
  await Promise.all(greedy);
  isOver = true;
  const elapsed = performance.now() - from;
  assert.ok(workedMs - 200 - 20 <= elapsed / 4 + 20, `${workedMs} of ${elapsed} ms`);
});

test("a client whose large answers wait is refused one too many, others are not", {
  timeout,
}, async () => {
  const queue = new AnswerQueue();
  const turns = Array.from({ length: 33 }, () => queue.turn("greedy"));
  assert.throws(() => queue.turn("greedy"), { code: "TOO_BUSY" });
  turns.push(queue.turn("modest"));
  await Promise.all(turns);
  assert.equal(queue.waiting, 0);
});

test("40 WebSockets that ask for all actions again and again are read when their answers are made, and a page is served", {
  timeout,
}, async (t) => {
  const { port, host, url } = await laboratory(t);
  for (let n = 0; n < 1000; n++) await host.get("camera").invoke("shoot", {}).ended;
  const refused = limitHits().get("large_answers_waiting");
  const ask = JSON.stringify({ messageType: "request", operation: "queryallactions" });
  let [answers, most] = [0, 0];
  const sockets = await Promise.all(
    Array.from({ length: 40 }, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/camera/ws`, "webthingprotocol");
      await once(socket, "open");
      socket.on("message", (data: Buffer) => {
        assert.ok(data.length > 100_000, data.toString().slice(0, 400));
        answers += 1;
        most = Math.max(most, largeAnswers.waiting);
      });
      for (let n = 0; n < 20; n++) socket.send(ask);
      return socket;
    }),
  );
  await eventually(() => answers >= 40);
  assert.equal((await fetch(`${url}/camera/gain`)).status, 200);
  assert.ok(answers < 800, "the page did not come before all answers");
  for (const socket of sockets) socket.terminate();
  assert.equal(limitHits().get("large_answers_waiting"), refused);
});
