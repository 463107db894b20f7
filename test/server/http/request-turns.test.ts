import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { inTurn, RequestTurns } from "../../../src/server/http/request-turns.ts";
import { TEST_MS } from "../../limits.ts";
import { serverFor } from "../requests.ts";

const REQUESTS = 60;
const EACH_MS = 5;
/** As many as begin within 20 ms, with the one that is begun just before they are over: when they come, and right after. */
const MOST_IN_A_TURN = 2 * 5;

function work(): void {
  const end = performance.now() + EACH_MS;
  while (performance.now() < end);
}

test("of requests that come at once, those that take longer than a turn of the event loop may are begun in later turns, in order", {
  timeout: TEST_MS,
}, async () => {
  const turns = new RequestTurns();
  const begun: number[] = [];
  let [inThisTurn, most] = [0, 0];
  const timer = setInterval(() => {
    inThisTurn = 0;
  }, 1);
  await new Promise<void>((resolve) => {
    for (let n = 0; n < REQUESTS; n++) {
      turns.begin(() => {
        begun.push(n);
        inThisTurn += 1;
        most = Math.max(most, inThisTurn);
        work();
        if (begun.length === REQUESTS) resolve();
      });
    }
  });
  clearInterval(timer);
  assert.deepEqual(
    begun,
    Array.from({ length: REQUESTS }, (_, n) => n),
  );
  assert.ok(most <= MOST_IN_A_TURN, `${most} were begun in one turn`);
});

test("requests of many connections, two of each, are all answered", {
  timeout: TEST_MS,
}, async (t) => {
  const begun: string[] = [];
  const listener = inTurn(({ url = "" }, response) => {
    begun.push(url);
    work();
    response.end(url);
  });
  const { port } = await serverFor(t, listener);
  const sockets = Array.from({ length: REQUESTS }, () => connect(port, "127.0.0.1"));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const answers = sockets.map(async (socket, n) => {
    socket.write(`GET /${n}a HTTP/1.1\r\nHost: x\r\n\r\nGET /${n}b HTTP/1.1\r\nHost: x\r\n\r\n`);
    for (let text = ""; !text.includes(`/${n}a`) || !text.includes(`/${n}b`); ) {
      const [data] = await once(socket, "data");
      text += data;
    }
  });
  await Promise.all(answers);
  assert.equal(new Set(begun).size, 2 * REQUESTS);
});
