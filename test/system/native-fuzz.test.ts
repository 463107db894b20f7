// The V4L2 program under AddressSanitizer and UBSan: its command parser with mutated commands, and all of it with a driver that
// says what no driver should. THINGSCOPE_LONG=1 plays fifty times as many.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import type { V4l2Format, V4l2Message } from "../../src/sources/v4l2/messages.ts";
import { patience, TEST_MS } from "../limits.ts";
import { programWith, received, runToEnd } from "../native/program.ts";
import { runs } from "../property.ts";
import { SEED } from "../seed.ts";

const limit = { timeout: process.env.THINGSCOPE_LONG ? 20 * TEST_MS : TEST_MS };
let program = "";
let corpus: string[] = [];

before(async () => {
  program = await programWith("hostile-driver.c", {
    flags: [
      "-fsanitize=address,undefined",
      "-fno-sanitize-recover=all",
      "-g",
      "-O1",
      "-DWITH_JPEG",
    ],
    libraries: ["-ljpeg"],
  });
  const text = await readFile(packagePath("test", "native", "corpus", "commands.txt"), "utf8");
  corpus = text.trimEnd().split("\n");
}, limit);

/** Numbers from 0 up to and without `below`, the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = BigInt(seed) * 2_654_435_761n + 1n;
  return (below) => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) & ((1n << 64n) - 1n);
    return Number(state >> 33n) % below;
  };
}

/** Commands of the corpus, some of them with bytes changed, removed or repeated. */
function mutated(seed: number, count: number): Buffer {
  const next = numbers(seed);
  const lines = Array.from({ length: count }, () => {
    const line = Buffer.from(`${corpus[next(corpus.length)]}\n`, "latin1");
    const at = next(line.length);
    const kind = next(8);
    if (kind === 0) line[at] = next(256);
    if (kind === 1) return Buffer.concat([line.subarray(0, at), line.subarray(at + 1)]);
    if (kind === 2) return Buffer.concat([line.subarray(0, at), line]);
    if (kind === 3)
      return Buffer.concat([...Array.from({ length: next(90) }, () => line.subarray(0, -1)), line]);
    return line;
  });
  return Buffer.concat(lines);
}

test(
  "mutated commands are understood or refused, each in one line, whatever their bytes",
  limit,
  async () => {
    for (let n = 0; n < runs(2); n++) {
      const input = mutated(SEED + n, 10_000);
      const { code, stdout, stderr } = await runToEnd([program, "parse-test"], input);
      assert.equal(code, 0, `seed ${SEED + n}: ${stderr}`);
      const answers = stdout.toString().trimEnd().split("\n");
      assert.equal(answers.length, input.filter((byte) => byte === 10).length, `seed ${SEED + n}`);
      for (const answer of answers) JSON.parse(answer);
    }
  },
);

test(
  "a hostile driver ends its program at worst: no message is broken, and no memory is touched that is not its own",
  limit,
  async () => {
    let [frames, changes] = [0, 0];
    const play = async (seed: number) => {
      const planes: Record<string, string> = seed % 4 === 0 ? { HOSTILE_PLANES: "1" } : {};
      const env = { HOSTILE_SEED: String(seed), ...planes };
      const options = [[], ["--raw"], ["--idle"]][seed % 3]!;
      const { code, stdout, stderr } = await runToEnd(
        [program, "stream", "/dev/zero", ...options],
        [mutated(seed, 12), "\n900 start\n"].join(""),
        env,
      );
      assert.ok([0, 1, 3].includes(code ?? -1), `seed ${seed}: ${code} ${stderr}`);
      assert.equal(stderr, "", `seed ${seed}`);
      const all = received(stdout);
      frames += all.frames.length;
      changes += changesDescribed(all.messages, `seed ${seed}`);
    };
    const seeds = Array.from({ length: runs(96) }, (_, n) => SEED + n);
    while (seeds.length > 0 && !patience().aborted) await Promise.all(seeds.splice(0, 8).map(play));
    assert.ok(frames > 0, "some of them came to streaming");
    assert.ok(changes > 0, "some of them changed their mode");
  },
);

/** What a change of the mode has made of it was described before its answer. @returns How many there were. */
function changesDescribed(messages: readonly V4l2Message[], which: string): number {
  let described: V4l2Format | null = null;
  let changes = 0;
  for (const message of messages) {
    if (message.type === "device") described = message.device.format;
    if (message.type !== "answer" || !message.answer.ok || !message.answer.format) continue;
    assert.deepEqual(described, message.answer.format, which);
    changes += 1;
  }
  return changes;
}
