import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ThingClient } from "thingscope/client";
import { captureTimes, verifyRecording } from "thingscope/recording";
import { folderWith, type Served, serveWith } from "../../cli/run-cli.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { sharedNats } from "./nats-server.ts";

/** How far the wall clocks of three machines are ahead of the right time, ms. */
const AHEAD = { m1: 0, m2: 250, m3: -1800 };
type Name = keyof typeof AHEAD;

interface Clock {
  readonly reference: string;
  readonly offsetMs: number;
  readonly uncertaintyMs: number;
}

interface Manifest {
  readonly from: number;
  readonly until: number;
  readonly quality: Record<
    "recordings" | "sets" | "medianMs" | "p95Ms" | "worstMs" | "uncertaintyMs",
    number
  >;
  readonly recordings: {
    readonly recorder: string;
    readonly host: string;
    readonly clock: Clock;
    readonly ended: string;
    readonly captured?: number;
    readonly files: { readonly name: string; readonly href: string }[];
  }[];
}

interface Machine extends Served {
  readonly folder: string;
}

/** A server of the command line with a camera, a recorder and a clock of its own. */
async function machine(
  t: TestContext,
  name: Name,
  nats: { url: string; fleet: string },
  groups: object = {},
): Promise<Machine> {
  const folder = await folderWith({
    "clock.mjs": `const now = Date.now; Date.now = () => now() + ${AHEAD[name]};`,
    "lab.json": JSON.stringify({
      things: {
        camera: { class: "thingscope/things:TestCamera", kwargs: { mode: { framerate: 10 } } },
        recorder: {
          class: "thingscope/things:Recorder",
          kwargs: { folder: "films", reserve_mb: 1, pre_roll_while: "watched" },
          thing_slots: { camera: "camera" },
        },
        ...groups,
      },
      fleet: { servers: [nats.url], fleet: nats.fleet, name },
    }),
  });
  const env = { NODE_OPTIONS: `--import=${join(folder, "clock.mjs")}` };
  return { ...(await serveWith(t, { folder, env }, "lab.json")), folder };
}

async function json(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

/** Resolves when what is looked at again and again is so. */
async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const signal = patience();
  while (!(await isSo())) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** Capture times by the right clock: how far that of the machine was set wrong is known here. */
async function rightTimes({ folder }: Machine, name: Name, film: string): Promise<number[]> {
  const { times } = await captureTimes(join(folder, "films", film), { most: 1000 });
  return times.map((time) => time - AHEAD[name]);
}

function nearest(times: readonly number[], to: number): number {
  return times.reduce((a, b) => (Math.abs(b - to) < Math.abs(a - to) ? b : a));
}

test("recorders of three machines with clocks set wrong begin at one moment, and the manifest says how well frames agree", {
  timeout: TEST_MS,
}, async (t) => {
  const nats = await sharedNats();
  const [m2, m3] = await Promise.all([machine(t, "m2", nats), machine(t, "m3", nats)]);
  const group = (others: string[]) => ({
    class: "thingscope/things:RecorderGroup",
    kwargs: { folder: "films", reserve_mb: 1, lead_s: 1.5, others },
    thing_slots: { recorders: ["recorder"] },
  });
  const m1 = await machine(t, "m1", nats, {
    all: group(["m2/recorder", `${m3.url}/recorder/`]),
    wrong: group(["m2/recorder", "m3/nothing"]),
  });
  const machines = { m1, m2, m3 };
  await eventually(async () => {
    const fleets = await Promise.all(
      [m1, m2, m3].map(async ({ url }) => Object(await json(`${url}/health`)).fleet),
    );
    const things = (await json(`${m1.url}/directory/things`)) as unknown[];
    return fleets.every(({ clock }) => clock?.reference === "m1") && things.length === 8;
  });

  const wrong = await ThingClient.connect(`${m1.url}/wrong/`);
  await assert.rejects(wrong.invoke("start_recording", { name: "wrong" }), /Thing 'm3\/nothing'/);
  for (const { url, folder } of [m1, m2]) {
    await eventually(async () => (await json(`${url}/recorder/state`)) !== "recording");
    await eventually(async () => !(await readdir(join(folder, "films"))).join().includes("wrong"));
  }

  const all = await ThingClient.connect(`${m1.url}/all/`);
  const begun = (await all.invoke("start_recording", { name: "trio" })) as { name: string }[];
  const films = begun.map(({ name }) => name);
  assert.deepEqual(films.slice(0, 2), ["trio_recorder.mkv", "trio_m2_recorder.mkv"]);
  for (const { url } of [m1, m2, m3])
    await eventually(async () => {
      const [progress] = (await json(`${url}/recorder/progress`)) as { frames: number }[];
      return (progress?.frames ?? 0) > 8;
    });
  await m3.stop("SIGKILL");
  const manifest = (await all.invoke("stop_recording")) as Manifest;
  const { from, until, quality, recordings } = manifest;
  const written = await readFile(join(m1.folder, "films", "trio.manifest.json"), "utf8");
  assert.deepEqual(JSON.parse(written).quality, quality);

  const times = await Promise.all(
    (["m1", "m2", "m3"] as const).map(async (name, n) => {
      const right = await rightTimes(machines[name], name, films[n]!);
      const { uncertaintyMs } = recordings[n]!.clock;
      assert.ok(
        right[0]! >= from - uncertaintyMs - 2,
        `${name} began ${from - right[0]!} ms early`,
      );
      return right;
    }),
  );
  const [one, two] = times as [number[], number[]];
  for (const [n, { ended, captured, files }] of recordings.slice(0, 2).entries()) {
    assert.equal(ended, "stopped");
    assert.equal(captured, times[n]!.length);
    assert.ok((await verifyRecording(join([m1, m2][n]!.folder, "films", files[0]!.name))).ok);
  }
  assert.ok(one.at(-1)! <= until, "here the end is exact");
  assert.equal(recordings[1]!.files[0]!.href.split("/recorder/")[0], m2.url);

  const gone = recordings[2]!;
  assert.match(gone.ended, /^'m3\/recorder': .+'trio_.+\.mkv' is in its own list; if it records/s);
  assert.deepEqual([gone.captured, gone.files.map(({ name }) => name)], [undefined, [films[2]]]);
  assert.equal(quality.recordings, 2);
  const ledgerOf = (n: number) =>
    readFile(
      join([m1, m2, m3][n]!.folder, "films", films[n]!.replace("mkv", "ledger.jsonl")),
      "utf8",
    );
  const heads = await Promise.all([0, 1, 2].map(async (n) => (await ledgerOf(n)).split("\n")[0]!));
  const inLedgers = heads.map((head) => (JSON.parse(head) as { clock: Clock }).clock);
  const clocks = [...recordings.map(({ clock }) => clock), ...inLedgers];
  for (const [n, { reference, offsetMs, uncertaintyMs }] of clocks.entries()) {
    const off = Math.abs(offsetMs - Object.values(AHEAD)[n % 3]!);
    assert.ok(reference === "m1" && off <= uncertaintyMs + 2, `${n}: ${offsetMs}`);
  }

  const [first, last] = [Math.max(one[0]!, two[0]!), Math.min(one.at(-1)!, two.at(-1)!)];
  const [few, many] = one.length <= two.length ? [one, two] : [two, one];
  const sets = few.filter((time) => time >= first && time <= last);
  const worst = Math.max(...sets.map((time) => Math.abs(nearest(many, time) - time)));
  t.diagnostic(`${JSON.stringify(quality)}, and the worst is ${worst.toFixed(3)} ms in truth`);
  assert.ok(Math.abs(quality.worstMs - worst) <= quality.uncertaintyMs + 2, `${worst} ms`);
  assert.ok(Math.abs(quality.sets - sets.length) <= 2 && quality.medianMs <= quality.worstMs);
  assert.ok(quality.uncertaintyMs > 0 && quality.uncertaintyMs < 100);
});
