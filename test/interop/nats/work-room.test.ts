import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { logTo } from "thingscope";
import { packagePath } from "../../../src/base/package-root.ts";
import { TEST_MS } from "../../limits.ts";
import { needsLong } from "../../needs.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { python } from "../programs.ts";
import { sharedNats } from "./nats-server.ts";
import { endsOf, queueFor, workerFor } from "./queue.ts";

const timeout = TEST_MS;
/** With so many calls that go on though their tickets are too old, a worker takes no more. */
const MOST = 10;
/** Tickets of which the test wants to see more than that begin. */
const ADDED = 12;

/** A worker whose calls go on until they are released. */
interface Waiting {
  /** Indices of the calls that have begun. */
  readonly begun: number[];
  said(): string;
  release(index: number): unknown;
}

async function inPython(t: TestContext, url: string): Promise<Waiting> {
  const folder = await temporaryFolder();
  const script = packagePath("test", "interop", "nats", "waiting_worker.py");
  const child = spawn(python(), [script, url, folder], {
    env: { ...process.env, PYTHONPATH: packagePath("clients", "python", "src") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const begun: number[] = [];
  createInterface(child.stdout).on("line", (line) => begun.push(Number(line)));
  let text = "";
  child.stderr.on("data", (part) => {
    text += part;
  });
  return { begun, said: () => text, release: (n) => writeFile(join(folder, String(n)), "") };
}

function inNode(t: TestContext, url: string): Waiting {
  const begun: number[] = [];
  const released = new Set<number>();
  const ends = new Map<number, () => void>();
  let text = "";
  const log = logTo((_, line) => {
    text += line;
  });
  const handler = ({ index }: { index: number }) => {
    begun.push(index);
    if (released.has(index)) return index;
    return new Promise((resolve) => ends.set(index, () => resolve(index)));
  };
  workerFor(t, url, handler, { concurrency: 12, log });
  const release = (index: number) => {
    released.add(index);
    ends.get(index)?.();
  };
  return { begun, said: () => text, release };
}

for (const [language, start, needed] of [
  ["Python", inPython, {}],
  ["Node", inNode, needsLong()],
] as const) {
  test(`a worker in ${language} takes no ticket while ten calls go on, and takes them again with nine`, {
    timeout,
    ...needed,
  }, async (t) => {
    const { url } = await sharedNats();
    const served = await queueFor(t, url, { deadline_s: 1.5 });
    const ends = endsOf(served);
    const waiting = await start(t, url);
    let added = 0;
    for (; served.queue.sums.done === 0; added += 1) {
      await waiting.release(added);
      served.add(1);
      await served.ended(added + 1); // it may come before the worker has begun
    }
    waiting.begun.length = 0;
    while (!waiting.said().includes("takes no more tickets")) {
      served.add(ADDED);
      added += ADDED;
      await served.ended(added);
    }
    const [, ...others] = waiting.begun;
    for (const index of others.slice(MOST - 1)) await waiting.release(index);
    await waiting.release(added);
    served.add(1);
    await served.ended(added + 1);
    assert.deepEqual(ends.get(added), ["deadline"]);
    assert.ok(!waiting.begun.includes(added), "ten calls went on");
    await waiting.release(waiting.begun[0]!);
    for (let index = added + 1; served.queue.sums.done === 1; index += 1) {
      await waiting.release(index);
      served.add(1);
      await served.ended(index + 1); // the first may come before the worker has seen the end of the call
    }
    assert.equal(waiting.said().match(/takes no more tickets/g)?.length, 1, waiting.said());
  });
}
