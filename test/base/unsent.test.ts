import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { silentLog } from "../../src/base/log.ts";
import { limitUnsent, tcpLowat } from "../../src/base/unsent.ts";
import { TEST_MS } from "../limits.ts";

test("a listener is limited exactly where the addon is built", { timeout: TEST_MS }, async (t) => {
  const server = createServer();
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  assert.equal(limitUnsent(server, silentLog), tcpLowat() !== undefined);
});

test("a server that does not listen is not limited and not harmed", () => {
  assert.equal(limitUnsent(createServer(), silentLog), false);
});
