import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import type { Command } from "../../src/processes/child.ts";
import { type ChildState, SupervisedProcess } from "../../src/processes/supervised-process.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { exists, program } from "./children.ts";

const timeout = TEST_MS;
const TICKING = program("setInterval(() => require('fs').writeSync(1, 'x'), 20)");

/** A kept program whose every byte is a heartbeat, and a function that waits for a state. */
function keep(
  command: Command,
  options: { startMs?: number; stallMs?: number; once?: boolean } = {},
) {
  const waiting = new Set<() => void>();
  const states: ChildState[] = [];
  const kept = new SupervisedProcess(command, {
    ...options,
    outputs: [1],
    onStart: (child) =>
      child.output(1).on("data", (chunk: Buffer) => {
        for (let beats = 0; beats < chunk.length; beats++) kept.heartbeat();
      }),
    onState: (state) => {
      states.push(state);
      for (const wake of waiting) wake();
    },
  });
  const until = (wanted: (state: ChildState) => boolean) =>
    new Promise<ChildState>((resolve) => {
      const look = () => {
        const found = states.find(wanted);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { kept, states, until };
}

test("a program that ends at once is started again with growing waits, and told why", {
  timeout,
}, async () => {
  const { kept, states, until } = keep(program("console.error('no camera'); process.exit(3)"));
  const startedAt = performance.now();
  kept.start();
  await until(({ restarts, phase }) => restarts === 3 && phase === "failed");
  assert.ok(performance.now() - startedAt > 250 + 500);
  await kept.stop();
  const failed = states.find(({ phase }) => phase === "failed");
  assert.match(failed?.reason ?? "", /ended with code 3. Its last words: no camera/);
  assert.deepEqual(failed?.errorLines, ["no camera"]);
});

test("a program that exits 0 at once is no endless loop", { timeout }, async () => {
  const { kept, states } = keep(program(""));
  kept.start();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await kept.stop();
  assert.ok(states.filter(({ phase }) => phase === "starting").length <= 4);
});

test("a kill is seen at once and the program runs again", { timeout }, async () => {
  const { kept, until } = keep(TICKING);
  kept.start();
  await until(({ phase }) => phase === "running");
  const elapsed = new Elapsed(kept.pid!);
  process.kill(kept.pid!, "SIGKILL");
  await until(({ phase }) => phase === "failed");
  assert.ok(elapsed.ms < 1000);
  await until(({ phase, restarts }) => phase === "running" && restarts === 1);
  await kept.stop();
});

test("a silent program is killed; one that is slow but regular is not", { timeout }, async () => {
  const silent = keep(program("require('fs').writeSync(1, 'xxx'); setInterval(() => {}, 1000)"), {
    stallMs: 300,
  });
  silent.kept.start();
  const { reason } = await silent.until(({ phase }) => phase === "failed");
  assert.match(reason ?? "", /gave no frame for 0\.\d s and was ended/);
  await silent.kept.stop();

  const slow = keep(program("setInterval(() => require('fs').writeSync(1, 'x'), 600)"), {
    stallMs: 2000,
  });
  slow.kept.start();
  await slow.until(({ phase }) => phase === "running");
  await new Promise((resolve) => setTimeout(resolve, 3000));
  assert.equal(slow.kept.state.restarts, 0);
  await slow.kept.stop();
});

test("a program that never gives anything is ended after the start time", { timeout }, async () => {
  const { kept, until } = keep(program("setInterval(() => {}, 1000)"), { startMs: 600 });
  kept.start();
  assert.match(
    (await until(({ phase }) => phase === "failed")).reason ?? "",
    /no frame for 0\.\d s/,
  );
  await kept.stop();
});

test("a restart that is asked for has no wait and is no failure", { timeout }, async () => {
  const { kept, states, until } = keep(TICKING);
  kept.start();
  await until(({ phase }) => phase === "running");
  kept.restart();
  await until(({ phase, restarts }) => phase === "running" && restarts === 1);
  await kept.stop();
  assert.ok(states.every(({ phase }) => phase !== "failed"));
});

test("stop and start again right away gives one program, and the last stop leaves none", {
  timeout,
}, async () => {
  const { kept, until } = keep(TICKING);
  kept.start();
  await until(({ phase }) => phase === "running");
  const first = kept.pid!;
  const stopped = kept.stop();
  kept.start();
  await stopped;
  await until(({ phase }) => phase === "running");
  assert.ok(!exists(first));
  const second = kept.pid;
  await kept.stop();
  assert.equal(kept.state.phase, "stopped");
  assert.ok(second === undefined || !exists(second));
});

test("a program that is fed takes its input at each start, and each line of its errors is heard", {
  timeout,
}, async () => {
  const lines: string[] = [];
  const echo = program("process.stdin.on('data', (text) => process.stderr.write(text))");
  const kept = new SupervisedProcess(echo, {
    outputs: [],
    input: true,
    onErrorLine: (line) => void lines.push(line),
    onStart: (child) => child.input?.write("1\n2\n3\n4\n5\n6\n7\n", () => kept.heartbeat()),
  });
  kept.start();
  while (lines.length < 7) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(lines, ["1", "2", "3", "4", "5", "6", "7"]);
  await kept.stop();
});

test("20 crashes leave no zombie and no descriptor", { timeout }, async () => {
  const { kept, until } = keep(
    program("require('fs').writeSync(1, 'xxxxxxxx'); process.kill(process.pid, 'SIGKILL')"),
  );
  const before = readdirSync("/proc/self/fd").length;
  kept.start();
  await until(({ restarts }) => restarts >= 20);
  await kept.stop();
  assert.ok(readdirSync("/proc/self/fd").length <= before + 1);
});

test("a program that runs once ends, fails or is stopped once, and is not started again", {
  timeout,
}, async () => {
  const cases: [Command, ChildState["phase"], RegExp, startMs?: number][] = [
    [program("process.exitCode = 0"), "ended", /ended with code 0/],
    [program("console.error('no camera'); process.exit(3)"), "failed", /no camera/],
    [program("setTimeout(() => {}, 60_000)"), "failed", /gave no frame for \d/, 300],
  ];
  for (const [command, phase, reason, startMs = 10_000] of cases) {
    const { kept, until } = keep(command, { once: true, startMs });
    kept.start();
    const state = await until((one) => one.phase === phase);
    assert.match(state.reason ?? "", reason);
    assert.deepEqual([kept.finished, state.restarts], [true, 0]);
    kept.start();
    await kept.stop();
    assert.deepEqual([kept.state.phase, kept.pid], [phase, undefined]);
  }
  const { kept, until } = keep(TICKING, { once: true });
  kept.start();
  await until(({ phase }) => phase === "running");
  await kept.stop();
  kept.start();
  assert.deepEqual([kept.finished, kept.state.phase, kept.pid], [true, "stopped", undefined]);
});
