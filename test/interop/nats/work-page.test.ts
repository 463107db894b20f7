import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { logTo } from "thingscope";
import { packagePath } from "../../../src/base/package-root.ts";
import { folderWith, install, runCli, serveCli } from "../../cli/run-cli.ts";
import { blocksOf, pageText } from "../../docs/page.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { python } from "../programs.ts";
import { natsServerFor } from "./nats-server.ts";
import { workerFor } from "./queue.ts";

test("the configuration and the two workers of docs/work.md do what it says", {
  timeout: TEST_MS,
}, async (t) => {
  const nats = await natsServerFor(t);
  const files = Object.fromEntries(
    blocksOf(pageText("work.md")).flatMap(({ text }) => {
      const [, name] = /^(?:#|\/\/) (\S+)\n/.exec(text) ?? [];
      return name ? [[name, text.replace("nats://127.0.0.1:4222", nats.url)]] : [];
    }),
  );
  assert.deepEqual(Object.keys(files), ["bench.yaml", "worker.mjs", "worker.py"]);
  const folder = await folderWith(files);
  await install(folder);
  const served = await serveCli(t, folder, "bench.yaml");
  const env = { ...process.env, PYTHONPATH: packagePath("clients", "python", "src") };
  for (const [program, file] of [
    [process.execPath, "worker.mjs"],
    [python(), "worker.py"],
  ] as const) {
    const child = spawn(program, [file], { cwd: folder, env, stdio: "inherit" });
    t.after(() => child.kill("SIGKILL"));
  }
  const ledger = join(await realpath(folder), "recordings", "spots.tickets.jsonl");
  const signal = patience();
  const workers = async () => {
    const text = await readFile(ledger, "utf8");
    return new Set(
      [...text.matchAll(/"state":"done","worker":"([^"]+)","result":\{"bytes":\d+/g)].map(
        ([, name]) => name,
      ),
    );
  };
  while ((await workers()).size < 2) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.deepEqual([...(await workers())].sort(), ["node-worker", "python-worker"]);
  const sums = await (await fetch(`${served.url}/spots/sums`)).json();
  const { wanted, done, failed, dropped, open } = sums as Record<string, number>;
  assert.equal(wanted, done! + failed! + dropped! + open!);
  await served.stop();
  const { stdout, code } = await runCli(folder, "verify", "recordings/spots.tickets.jsonl");
  assert.match(
    stdout,
    /^recordings\/spots\.tickets\.jsonl: \d+ wanted = \d+ done \+ 0 failed \+ \d+ dropped \+ \d+ open\.\n$/,
  );
  assert.equal(code, 0);
  const whole = await runCli(folder, "verify", "--json", "recordings");
  assert.equal(JSON.parse(whole.stdout).ok, true);
});

const NO_QUEUE =
  /gets no tickets: 'one' of the fleet 'lab' has no queue 'spotz'\. Start that server, or check 'member', 'queue' and 'fleet'/;

test("a worker of a queue that is not there, or of a NATS server that is not, says so and what to check", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await natsServerFor(t);
  const told = new Promise<string>((resolve) => {
    const log = logTo((_, line) => resolve(line));
    workerFor(t, url, () => 1, { queue: "spotz", log });
  });
  const child = spawn(python(), ["-c", TWO_WORKERS, url], {
    env: { ...process.env, PYTHONPATH: packagePath("clients", "python", "src") },
    stdio: ["ignore", "inherit", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  for await (const text of child.stderr) {
    said += text;
    if (said.split("\n").length > 2) break;
  }
  assert.match(said, NO_QUEUE);
  assert.match(
    said,
    /No NATS server of nats:\/\/127\.0\.0\.1:1 can be used \(.*\)\. Check 'servers'/,
  );
  assert.match(await told, NO_QUEUE);
});

const TWO_WORKERS = `
import asyncio, sys
from thingscope import run_worker

async def both():
    options = {"member": "one", "queue": "spotz"}
    servers = [[sys.argv[1]], ["nats://127.0.0.1:1"]]
    await asyncio.gather(*(run_worker(len, servers=one, **options) for one in servers))

asyncio.run(both())
`;
