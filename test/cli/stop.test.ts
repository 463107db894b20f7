// A process that is told to end ends, whatever hangs.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { STOP_WITHIN_MS } from "../../src/base/abort.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { folderWith, serveCli } from "./run-cli.ts";

const THINGS = `
import { execFileSync, execSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { action, setting, Thing } from "thingscope";
import { Type } from "typebox";
const cell = new Int32Array(new SharedArrayBuffer(4)); // a loop that leaves the processor to others
export class Spinner extends Thing {
  @action("Block the event loop") async spin() { while (true) Atomics.wait(cell, 0, 0, 5); }
  @action("Block it outside of JavaScript") async wait() { execSync("sleep 60"); }
}
export class Stuck extends Thing {
  async close() { await new Promise(() => {}); }
}
export class Device extends Thing {
  @setting("Gain", Type.Number()) accessor gain = 1;
  @action("Read a device that does not answer", { input: Type.Integer() }) async read(times) {
    execFileSync("mkfifo", ["device"]);
    for (let n = 0; n < times; n++) void readFile("device");
  }
}
`;

const CONFIG = `things:
  spinner: things.ts:Spinner
  stuck: things.ts:Stuck
`;

/** How late a busy machine may be, ms. */
const LATE_MS = 5000;

async function serving(t: Parameters<typeof serveCli>[0], config: string) {
  const folder = await folderWith({ "things.ts": THINGS, "lab.yaml": config });
  const server = await serveCli(t, folder, "lab.yaml");
  const ended = once(server.child, "exit");
  const spin = () => void fetch(`${server.url}/spinner/spin`, { method: "POST" }).catch(() => {});
  return { server, ended, spin };
}

test("whatever hangs, the process ends in time: a loop that is blocked, a Thing that does not close", {
  timeout: TEST_MS,
  concurrency: true,
}, async (t) => {
  await Promise.all([
    t.test(
      "SIGTERM ends a process whose loop a Thing blocks, and the log says which",
      async (t) => {
        const { server, ended, spin } = await serving(t, CONFIG);
        spin();
        const { msg } = await server.told((line) => line.msg.includes("has been blocked"));
        assert.match(msg, /It runs spin of Thing 'spinner' \(\S+things\.ts:\d+\)/);
        const elapsed = new Elapsed(server.child.pid!);
        server.child.kill("SIGTERM");
        assert.deepEqual(await ended, [null, "SIGKILL"]);
        const took = elapsed.ms;
        assert.ok(took < STOP_WITHIN_MS + LATE_MS, `${took} ms`);
      },
    ),
    t.test("so it does where the loop is blocked by what is no JavaScript", async (t) => {
      const { server, ended } = await serving(t, CONFIG);
      void fetch(`${server.url}/spinner/wait`, { method: "POST" }).catch(() => {});
      await server.told((line) => /has been blocked.* It is in native code/.test(line.msg));
      server.child.kill("SIGTERM");
      assert.deepEqual(await ended, [null, "SIGKILL"]);
    }),
    ...[1, 100].map((times) =>
      t.test(`so it does where ${times} reads of a device never end`, async (t) => {
        const { server, ended } = await serving(t, "things:\n  device: things.ts:Device\n");
        const send = async (method: string, path: string, body: string) => {
          const headers = { "Content-Type": "application/json" };
          const answer = await fetch(server.url + path, { method, headers, body });
          assert.ok(answer.ok, await answer.text());
        };
        await send("PUT", "/device/gain", "7");
        await send("POST", "/device/read", String(times));
        const began = performance.now();
        server.child.kill("SIGTERM");
        assert.deepEqual(await ended, [null, "SIGKILL"]);
        const took = performance.now() - began;
        assert.ok(took < STOP_WITHIN_MS + LATE_MS, `${took} ms`);
      }),
    ),
    t.test("where asked, a blocked loop ends the process for its supervisor", async (t) => {
      const { ended, spin } = await serving(t, `${CONFIG}end_when_blocked_s: 5\n`);
      spin();
      assert.deepEqual(await ended, [null, "SIGKILL"]);
    }),
    t.test(
      "a Thing that hangs while it closes is left, and the process ends in order",
      async (t) => {
        const { server, ended } = await serving(t, CONFIG);
        const elapsed = new Elapsed(server.child.pid!);
        server.child.kill("SIGTERM");
        assert.deepEqual(await ended, [0, null]);
        const took = elapsed.ms;
        assert.ok(took < STOP_WITHIN_MS + LATE_MS, `${took} ms`);
      },
    ),
  ]);
});
