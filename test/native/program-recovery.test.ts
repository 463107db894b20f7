// The V4L2 program with a driver of our own, compiled with its files: test/native/steady-driver.c.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { before, test } from "node:test";
import { patience, TEST_MS } from "../limits.ts";
import { collector, programWith, runToEnd } from "./program.ts";

const limit = { timeout: TEST_MS };
let program = "";

before(async () => {
  program = await programWith("steady-driver.c");
}, limit);

test(
  "a still that waits for its reader is taken again when the stream fails meanwhile",
  limit,
  async () => {
    // Some 32 frames are fetched before the first command is read.
    const child = spawn(program, ["stream", "/dev/zero"], {
      env: { ...process.env, FAILS_AT: "100" },
      signal: patience(),
      killSignal: "SIGKILL",
    });
    child.stdin.write("1 still MJPG 64x48 0\n");
    await once(child.stderr, "data"); // what is read until then is less than a frame, so no other can be sent
    const { reader, all } = collector();
    const answerTo = (number: number) =>
      all.messages.find((one) => one.type === "answer" && one.answer.answer === number);
    child.stdout.on("data", (chunk: Buffer) => {
      reader.read(chunk);
      if (answerTo(1)) child.stdin.end();
    });
    await once(child, "close");
    const still = answerTo(1);
    const stills = all.frames.filter(({ info }) => info.still === 1);
    assert.ok(
      all.messages.some(({ type }) => type === "error"),
      "the stream has failed",
    );
    assert.deepEqual([still?.type === "answer" && still.answer.ok, stills.length], [true, 1]);
  },
);

test("a driver whose inputs never end is described all the same", limit, async () => {
  const { code, stdout } = await runToEnd([program, "list", "/dev/zero"], "", {
    ENDLESS_INPUTS: "1",
  });
  const { devices } = JSON.parse(stdout.toString()) as {
    devices: { inputs: unknown[]; truncated: string[] }[];
  };
  assert.equal(code, 0);
  assert.deepEqual([devices[0]?.inputs.length, devices[0]?.truncated], [32, ["inputs"]]);
});
