import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Server } from "node:http";
import { test } from "node:test";
import { logTo, ThingHost, ThingServer } from "thingscope";
import { isPublicAddress, warnOfPublicClients } from "../../../src/server/access/public-clients.ts";
import { TEST_MS } from "../../limits.ts";
import { ask } from "../requests.ts";

test("addresses of the internet are told from those of a network of one's own", () => {
  for (const own of [
    "127.0.0.1",
    "::ffff:192.168.1.7",
    "10.1.2.3",
    "172.31.0.1",
    "100.100.1.1", // Tailscale
    "::1",
    "fe80::1%eth0",
    "fd12::1",
    "",
  ]) {
    assert.equal(isPublicAddress(own), false, own);
  }
  for (const other of ["8.8.8.8", "::ffff:1.2.3.4", "172.32.0.1", "2001:4860:4860::8888"]) {
    assert.equal(isPublicAddress(other), true, other);
  }
});

test("the first who comes from the internet is told of, once", () => {
  const told: string[] = [];
  const server = new Server();
  warnOfPublicClients(
    server,
    logTo((_, message) => told.push(message)),
  );
  for (const remoteAddress of ["192.168.1.7", "8.8.8.8", "9.9.9.9"]) {
    server.emit("connection", Object.assign(new EventEmitter(), { remoteAddress }) as never);
  }
  assert.equal(told.length, 1);
  assert.match(told[0]!, /8\.8\.8\.8/);
});

test("who comes from the internet by a configured proxy is told of, and nobody's invention is", {
  timeout: TEST_MS,
}, async (t) => {
  for (const [trustedProxies, told] of [
    [["127.0.0.1"], ["8.8.8.8"]],
    [["10.0.0.1"], []],
    [undefined, []],
  ] as const) {
    const warned: string[] = [];
    const log = logTo((_, message) => warned.push(message));
    const server = new ThingServer(new ThingHost({ log }), {
      ...(trustedProxies && { trustedProxies }),
    });
    t.after(() => server.close());
    const { port } = await server.listen({ port: 0 });
    await ask(port, { path: "/health", headers: { "X-Forwarded-For": "9.9.9.9, 8.8.8.8" } });
    const from = warned.flatMap((line) => /connected from ([\d.]+)/.exec(line)?.[1] ?? []);
    assert.deepEqual(from, told);
  }
});
