import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { verifyRecording } from "thingscope";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, install, launchCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const run = promisify(execFile);
/** How long a second of the samples lasts. With THINGSCOPE_LONG=1 as long as pythiags' own. */
const PACE = process.env.THINGSCOPE_LONG ? 1 : 0.3;
const LATE_S = 0.4; // frames and triggers come when the machine gets to them

interface Film {
  readonly path: string;
  readonly start: number;
  readonly duration: number;
}

/** Runs an example. @returns The films that it tells of. */
async function filmsOf(name: string, ...args: string[]) {
  const tsx = packagePath("node_modules", "tsx", "dist", "cli.mjs");
  const example = packagePath("examples", "pythiags", name);
  const { stdout } = await run(process.execPath, [tsx, example, ...args], { cwd: packagePath() });
  const lines = stdout.matchAll(/^(.+): from second ([\d.]+), ([\d.]+) s$/gm);
  const films = [...lines].map(
    ([, path = "", start, duration]): Film => ({
      path,
      start: Number(start),
      duration: Number(duration),
    }),
  );
  return { films, stdout };
}

/** That films begin and last as long as the sample says, in its seconds, and are whole. */
async function assertFilms(films: readonly Film[], expected: [start: number, seconds: number][]) {
  assert.equal(films.length, expected.length);
  for (const [n, [start, seconds]] of expected.entries()) {
    const film = films[n]!;
    const told = `from ${film.start} s (${start * PACE}), ${film.duration} s (${seconds * PACE})`;
    assert.ok(Math.abs(film.start - start * PACE) < LATE_S, told);
    assert.ok(Math.abs(film.duration - seconds * PACE) < LATE_S, told);
    const { ok, sentence } = await verifyRecording(film.path);
    assert.ok(ok, sentence);
  }
}

const folder = () => mkdtemp(join(tmpdir(), "thingscope-pythiags-"));

test("single-recorder: a film of 5 s from second 1, and one of 4 s from second 7", {
  timeout,
}, async () => {
  const { films } = await filmsOf("single-recorder.ts", await folder(), String(PACE));
  await assertFilms(films, [
    [1, 5],
    [7, 4],
  ]);
});

test("multi-recorder: a film of 4 s from second 1, and one of 5 s from second 2", {
  timeout,
}, async () => {
  const { films } = await filmsOf("multi-recorder.ts", await folder(), String(PACE));
  await assertFilms(films, [
    [1, 4],
    [2, 5],
  ]);
  assert.match(films[0]!.path, /_first\.mkv$/);
  assert.match(films[1]!.path, /_second\.mkv$/);
});

test("custom-ringbuffer: the same films of a film that is played, through elements and a ring of one's own", {
  timeout,
}, async () => {
  const to = await folder();
  const film = join(to, "sample.mp4");
  const seconds = String(Math.ceil(14 * PACE + 5));
  const source = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30"];
  await run("ffmpeg", ["-v", "error", ...source, "-t", seconds, "-c:v", "mpeg4", film]);
  const { films, stdout } = await filmsOf("custom-ringbuffer.ts", film, to, String(PACE));
  await assertFilms(films, [
    [1, 5],
    [7, 4],
  ]);
  assert.match(stdout, /^\d{2,} frames went through the ring buffer\.$/m);
});

test("changes: launched beside pythiags' first sample, it writes what it finds to a file", {
  timeout,
}, async (t) => {
  const files = ["pipeline.gstp", "changes.ts"].map(async (name) => [
    name,
    await readFile(packagePath("examples", "pythiags", name), "utf8"),
  ]);
  const place = await folderWith(Object.fromEntries(await Promise.all(files)));
  await install(place);
  const probe = ["--ext=./changes.ts:Changes", "--proc=./changes.ts:ChangesFile"];
  await launchCli(t, place, "--file=pipeline.gstp", "--pattern=ball", ...probe);
  const lines = async () =>
    (await readFile(join(place, "changes.jsonl"), "utf8").catch(() => "")).split("\n");
  while ((await lines()).length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
  const { index, bytes, usual } = JSON.parse((await lines())[0]!);
  assert.ok(index > 0 && bytes > 100 && Math.abs(bytes - usual) > usual / 100);
});
