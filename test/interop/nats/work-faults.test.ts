import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { verifyTickets } from "thingscope/work";
import { packagePath } from "../../../src/base/package-root.ts";
import { folderWith, type Served, serveCli } from "../../cli/run-cli.ts";
import { TEST_MS } from "../../limits.ts";
import { needsLong } from "../../needs.ts";
import { SEED } from "../../seed.ts";
import { randomFrom } from "../../server/hostile-clients.ts";
import { python } from "../programs.ts";
import { Kept } from "./kept.ts";
import { natsServerFor } from "./nats-server.ts";
import { recordedQueue } from "./queue.ts";

/** `THINGSCOPE_FAULT_MINUTES` is for who wants to see it begin. */
const MINUTES = Number(process.env.THINGSCOPE_FAULT_MINUTES ?? 10);
const DEADLINE_S = 20;
const STREAM = "thingscope_work~lab~bench~spots";

const CONFIG = (nats: string) => `
things:
  camera: thingscope/things:TestCamera${recordedQueue({ every: 3, deadline_s: DEADLINE_S })}fleet: { servers: ["${nats}"], name: bench }
`;

test("ten minutes of faults of workers, NATS and the server lose no ticket and count none twice", {
  timeout: MINUTES * 60_000 + 2 * TEST_MS,
  ...needsLong(),
}, async (t) => {
  const random = randomFrom(SEED);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  const nats = await natsServerFor(t);
  const folder = await folderWith({ "bench.yaml": CONFIG(nats.url) });
  let served: Served = await serveCli(t, folder, "bench.yaml");
  const post = (path: string) => fetch(`${served.url}${path}`, { method: "POST" });
  await post("/recorder/start_recording");
  const node = fileURLToPath(new URL("./faults-worker.js", import.meta.url));
  const environment = { ...process.env, PYTHONPATH: packagePath("clients", "python", "src") };
  const workers = [
    ["quick", "0"],
    ["steady", "50"],
    ["slow", "400"],
  ].map(
    ([name = "", ms = ""]) =>
      new Kept(t, () =>
        spawn(process.execPath, [node, nats.url, "bench", name, ms], { stdio: "ignore" }),
      ),
  );
  workers.push(
    new Kept(t, () =>
      spawn(
        python(),
        [packagePath("test", "interop", "nats", "faults_worker.py"), nats.url, "bench"],
        {
          stdio: "ignore",
          env: environment,
        },
      ),
    ),
  );
  const manage = async (work: (m: Awaited<ReturnType<typeof jetstreamManager>>) => unknown) => {
    const connection = await connect({ servers: nats.url, reconnect: false });
    await Promise.resolve(work(await jetstreamManager(connection))).catch(() => {}); // it may be gone already
    await connection.close();
  };
  const faults: Record<string, () => unknown> = {
    async "NATS is killed"() {
      await nats.kill();
      await pause(random() * 4000);
      await nats.restart();
    },
    async "the server is killed"() {
      await served.stop("SIGKILL");
      await pause(random() * 2000);
      served = await serveCli(t, folder, "bench.yaml");
      await post("/recorder/start_recording");
    },
    "a worker is killed": () => pick(workers).kill(),
    "all workers are killed": () => workers.map((one) => one.kill()),
    "a worker is stopped": () => pick(workers).stopFor(4000),
    "JetStream loses its tickets": () => manage((m) => m.streams.purge(STREAM)),
    "JetStream loses its stream": () => manage((m) => m.streams.delete(STREAM)),
    "JetStream loses its consumer": () => manage((m) => m.consumers.delete(STREAM, "workers")),
    "its consumer is stuck": () =>
      manage((m) => m.consumers.pause(STREAM, "workers", new Date(Date.now() + 3.6e6))),
    "its consumer forgets": () =>
      manage((m) => m.consumers.update(STREAM, "workers", { filter_subject: "nothing" })),
  };
  const counts = new Map<string, number>();
  for (const end = Date.now() + MINUTES * 60_000; Date.now() < end; ) {
    const name = pick(Object.keys(faults));
    counts.set(name, (counts.get(name) ?? 0) + 1);
    await faults[name]!();
    await pause(500 + random() * 3000);
  }
  await fetch(`${served.url}/spots/active`, {
    ...{ method: "PUT", body: "false" },
    headers: { "content-type": "application/json" },
  });
  for (const end = Date.now() + 3 * DEADLINE_S * 1000; ; await pause(500)) {
    const { open } = (await (await fetch(`${served.url}/spots/sums`)).json()) as { open: number };
    if (open === 0) break;
    assert.ok(Date.now() < end, `${open} tickets are open though their deadline has passed`);
  }
  const metrics = await (await fetch(`${served.url}/metrics`)).text();
  await served.stop();
  const verdict = await verifyTickets(join(folder, "recordings", "spots.tickets.jsonl"));
  t.diagnostic([...counts].map(([name, count]) => `${name}: ${count}`).join(", "));
  t.diagnostic(verdict.sentence);
  t.diagnostic(metrics.match(/^thingscope_work_.*$/gm)?.join("\n") ?? "");
  assert.ok(verdict.ok, verdict.sentence);
  assert.equal(verdict.open, 0);
  assert.ok(verdict.done > 0, verdict.sentence);
});
