import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { pageModule } from "./page-module.ts";

test("a log out that is not answered in time is not known to have failed", {
  timeout: TEST_MS,
}, async (t) => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  Object.assign(globalThis, { document: { baseURI: `http://127.0.0.1:${port}/` } });
  t.after(() => Reflect.deleteProperty(globalThis, "document"));
  const soon = AbortSignal.timeout(50);
  t.mock.method(AbortSignal, "timeout", () => soon);
  const { account } = await pageModule<{ account: { logOut(): Promise<void> } }>("things/account");
  await assert.rejects(account.logOut(), /not answered in time: whether it was done/);
});
