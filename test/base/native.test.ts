import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { logTo, silentLog } from "../../src/base/log.ts";
import { limitUnsent, loadAddon, tcpLowat } from "../../src/base/native.ts";
import { TEST_MS } from "../limits.ts";

test("a listener is limited exactly where the addon is built", { timeout: TEST_MS }, async (t) => {
  const server = createServer();
  t.after(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  assert.equal(limitUnsent(server, silentLog), tcpLowat(silentLog) !== undefined);
});

test("a server that does not listen is not limited and not harmed", () => {
  assert.equal(limitUnsent(createServer(), silentLog), false);
});

test("an addon that is not built is told once, with the command that builds it", () => {
  const lines: string[] = [];
  const log = logTo((_level, message) => lines.push(message));
  const isAnything = (module: unknown): module is object => module !== undefined;
  assert.equal(loadAddon("no-such-addon", isAnything, "nothing is worse", log), undefined);
  assert.equal(loadAddon("no-such-addon", isAnything, "nothing is worse", log), undefined);
  assert.deepEqual(lines, [
    "The addon 'no-such-addon' is not available, so nothing is worse. Build it with: npm run build:native",
  ]);
});
