import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { verifyRecording } from "thingscope/recording";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, install, launchCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const run = promisify(execFile);
/** How long a second of the examples lasts. With THINGSCOPE_LONG=1 a second. */
const SECOND = process.env.THINGSCOPE_LONG ? 1 : 0.2;
const WINDOW_S = 1.5 * SECOND;
const LATE_S = 0.4; // frames come when the machine gets to them

/** Runs an example. @returns When it triggered, which recordings it tells of, and all that it printed. */
async function told(name: string, ...args: string[]) {
  const tsx = packagePath("node_modules", "tsx", "dist", "cli.mjs");
  const example = packagePath("examples", "pythiags", name);
  const { stdout } = await run(process.execPath, [tsx, example, ...args], { cwd: packagePath() });
  const triggers = [...stdout.matchAll(/^trigger at second ([\d.]+)$/gm)].map(([, at]) =>
    Number(at),
  );
  const lines = stdout.matchAll(/^(.+): from second ([\d.]+), ([\d.]+) s$/gm);
  const recordings = [...lines].map(([, path = "", start, seconds]) => {
    return { path, start: Number(start), end: Number(start) + Number(seconds) };
  });
  return { triggers, recordings, stdout };
}

/** Triggers that share a recording, since their windows touch. */
function eventsOf(triggers: readonly number[]): number[][] {
  const events: number[][] = [];
  for (const [n, at] of triggers.entries()) {
    if (n > 0 && at <= triggers[n - 1]! + 2 * WINDOW_S) events.at(-1)!.push(at);
    else events.push([at]);
  }
  return events;
}

/** That recordings are whole, and have the windows about these triggers. */
async function assertHave(
  recordings: readonly { path: string; start: number; end: number }[],
  triggers: readonly number[],
) {
  const events = eventsOf(triggers);
  assert.equal(recordings.length, events.length, `of triggers at ${triggers.join()}`);
  for (const [n, event] of events.entries()) {
    const { path, start, end } = recordings[n]!;
    const expected = [event[0]! - WINDOW_S, event.at(-1)! + WINDOW_S] as const;
    const said = `${path} has ${start} to ${end}, and triggers ask for ${expected.join(" to ")}`;
    assert.ok(Math.abs(start - Math.max(0, expected[0])) < LATE_S, said);
    assert.ok(Math.abs(end - expected[1]) < LATE_S, said);
    const { ok, sentence } = await verifyRecording(path);
    assert.ok(ok, sentence);
  }
}

const folder = () => mkdtemp(join(tmpdir(), "thingscope-pythiags-"));

test("about-triggers: triggers whose windows touch share a recording, and a later one has its own", {
  timeout,
}, async () => {
  const { triggers, recordings } = await told("about-triggers.ts", await folder(), String(SECOND));
  assert.equal(triggers.length, 3);
  await assertHave(recordings, triggers);
});

test("each-camera: each of two recorders has the triggers that are about its camera", {
  timeout,
}, async () => {
  const { triggers, recordings } = await told("each-camera.ts", await folder(), String(SECOND));
  const [right = 0, left = 0, rightAgain = 0] = triggers;
  const of = (camera: string) => recordings.filter(({ path }) => path.includes(camera));
  await assertHave(of("right"), [right, rightAgain]);
  await assertHave(of("left"), [left]);
});

test("other-memory: a video that is played is recorded through elements and a ring of one's own", {
  timeout,
}, async () => {
  const to = await folder();
  const video = join(to, "sample.mp4");
  const length = String(Math.ceil(4 * SECOND + 5));
  const source = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=30"];
  await run("ffmpeg", ["-v", "error", ...source, "-t", length, "-c:v", "mpeg4", video]);
  const { triggers, recordings, stdout } = await told("other-memory.ts", video, to, String(SECOND));
  await assertHave(recordings, triggers);
  assert.match(stdout, /^\d{2,} frames went through the ring buffer\.$/m);
});

test("changes: launched beside a pipeline, it writes what it finds to a file", {
  timeout,
}, async (t) => {
  const files = ["ball.gstp", "changes.ts"].map(async (name) => [
    name,
    await readFile(packagePath("examples", "pythiags", name), "utf8"),
  ]);
  const place = await folderWith(Object.fromEntries(await Promise.all(files)));
  await install(place);
  const probe = ["--ext=./changes.ts:Changes", "--proc=./changes.ts:ChangesFile"];
  await launchCli(t, place, "--file=ball.gstp", "--motion=sweep", ...probe);
  const lines = async () =>
    (await readFile(join(place, "changes.jsonl"), "utf8").catch(() => "")).split("\n");
  while ((await lines()).length < 2) await new Promise((resolve) => setTimeout(resolve, 50));
  const { index, bytes, usual } = JSON.parse((await lines())[0]!);
  assert.ok(index > 0 && bytes > 100 && Math.abs(bytes - usual) > usual / 100);
});
