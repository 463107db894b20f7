import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readBodyAsItComes } from "../../../src/server/http/body-stream.ts";
import { answerClientErrors } from "../../../src/server/http/client-errors.ts";
import { TEST_MS } from "../../limits.ts";
import { eventually } from "../../streams/watching.ts";

const timeout = TEST_MS;

/** A server whose requests may take 300 ms, unless their body is read as it comes. */
async function served(t: TestContext, silentMs: number) {
  const received: string[] = [];
  const reader = {
    read: (bytes: Uint8Array) => void received.push(String(bytes)),
    place: () => undefined,
    received() {},
  };
  const limits = { requestTimeout: 300, headersTimeout: 300, connectionsCheckingInterval: 50 };
  const server = createServer(limits, async (request, response) => {
    const text = await readBodyAsItComes(request, reader, { silentMs })
      .then(() => "whole")
      .catch(({ message }) => message);
    response.end(text);
  });
  answerClientErrors(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => server.close().closeAllConnections());
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  let answer = "";
  socket.on("data", (data) => {
    answer += data;
  });
  const closed = once(socket, "close");
  return { socket, received, closed, answer: () => answer };
}

const HEAD =
  "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";

test("a body that is read as it comes may take longer than any other request", {
  timeout,
}, async (t) => {
  const { socket, received, closed, answer } = await served(t, 10_000);
  socket.write(HEAD);
  for (let n = 0; n < 9; n++) {
    socket.write("1\r\na\r\n");
    await eventually(() => received.length > n); // or two came at once
    await sleep(100);
  }
  socket.write("0\r\n\r\n");
  await closed;
  assert.match(answer(), /^HTTP\/1\.1 200 OK[\s\S]*whole/);
  assert.equal(received.length, 9);
});

test("one of which nothing comes is over, and the client is told", { timeout }, async (t) => {
  const { socket, closed, answer } = await served(t, 300);
  socket.write(`${HEAD}1\r\na\r\n`);
  await closed;
  assert.match(answer(), /Nothing of the body came for 0\.3 s/);
});
