import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import {
  Camera,
  delay,
  type FrameSource,
  type Motion,
  now,
  type Position,
  ThingError,
  ThingHost,
} from "thingscope";
import { encodeJpeg } from "thingscope/frames";
import { Scan, type ScanOptions, SimulatedStage } from "../../things/index.ts";
import { gridOf, placesOf } from "../../things/scan/grid.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const GRID = { columns: 2, rows: 2, step_x: 100, step_y: 100, settle: 0 };

/** A stage that refuses to go beyond a place. */
class FencedStage extends SimulatedStage {
  fence = Number.POSITIVE_INFINITY;

  protected override turnMotors(target: Position, stop?: AbortSignal): Promise<Motion> {
    if (target.y > this.fence)
      return Promise.reject(new ThingError("BAD_ARGUMENT", "y has reached its limit switch."));
    return super.turnMotors(target, stop);
  }
}

/** A camera whose stills can fail. */
class PlainCamera extends Camera {
  failure: string | undefined;

  protected override source(): FrameSource {
    return {
      async *frames(signal) {
        const grey = { data: new Uint8Array(64 * 48).fill(128), width: 64, height: 48 };
        const jpeg = await encodeJpeg({ ...grey, channels: 1 });
        while (!signal.aborted) {
          yield { jpeg, capturedAt: now() };
          await delay(10, signal);
        }
      },
    };
  }

  override async takeStill(signal: AbortSignal) {
    if (this.failure) throw new ThingError("NO_FRAME", this.failure);
    return super.takeStill(signal);
  }
}

async function scope(options: ScanOptions = {}) {
  const root = await mkdtemp(join(tmpdir(), "thingscope-"));
  const folder = options.folder ?? join(root, "scans");
  const stage = new FencedStage({ speed: 50_000 });
  const camera = new PlainCamera();
  const scan = new Scan({ reserve_mb: 1, ...options, folder });
  const host = new ThingHost({ settingsFolder: join(root, "settings") });
  host.add("stage", stage);
  host.add("camera", camera);
  const hosted = host.add("scan", scan);
  await host.open();
  const run = async (input: object) => {
    const invocation = hosted.invoke("scan", input);
    await invocation.ended;
    return invocation;
  };
  return { host, hosted, stage, camera, scan, folder, run };
}

suite("a microscope that scans", () => {
  const shared = scope();
  after(async () => (await shared).host.close());

  test("takes a tile at each place, tells each, writes a manifest, and comes back", {
    timeout,
  }, async () => {
    const { scan, stage, folder, run } = await shared;
    const told: string[] = [];
    const end = scan.tile_taken.on(({ name }) => told.push(name));
    const before = stage.position;
    const { output, error } = await run(GRID);
    end();
    assert.equal(error, undefined);
    assert.deepEqual(told, ["r000c000.jpg", "r000c001.jpg", "r001c001.jpg", "r001c000.jpg"]);
    const { name, state, taken } = scan.current!;
    assert.deepEqual({ state, taken }, { state: "done", taken: 4 });
    assert.equal(Object(output).name, name);
    const manifest = JSON.parse(await readFile(join(folder, name, `${name}.json`), "utf8"));
    assert.deepEqual(
      manifest.tiles.map(({ x, y }: Position) => [x, y]),
      [
        [-50, -50],
        [50, -50],
        [50, 50],
        [-50, 50],
      ],
    );
    assert.deepEqual((await readdir(join(folder, name))).sort(), [...told, `${name}.json`].sort());
    assert.deepEqual(stage.position, before);
    const [tile] = scan.tiles;
    const file = scan.files.get(tile!.href.split("/").at(-2)!);
    const preview = file.part("r000c000.jpg-preview").content;
    assert.ok(typeof preview === "function", "a preview is made when it is asked for");
  });

  test("a stage that refuses ends it in the stage's sentence, and the tiles are kept", {
    timeout,
  }, async () => {
    const { scan, stage, run } = await shared;
    stage.fence = 20;
    const { status, error } = await run(GRID);
    stage.fence = Number.POSITIVE_INFINITY;
    assert.equal(status, "error");
    assert.match(String(error?.message), /y has reached its limit switch/);
    const { state, why, taken } = scan.current!;
    assert.deepEqual({ state, taken }, { state: "failed", taken: 2 });
    assert.match(why ?? "", /limit switch/);
  });

  test("a camera that fails in the middle ends it, and the tiles are kept", {
    timeout,
  }, async () => {
    const { scan, camera, run } = await shared;
    const end = scan.tile_taken.on(() => {
      camera.failure = "The camera was unplugged.";
    });
    const { error } = await run(GRID);
    end();
    camera.failure = undefined;
    assert.match(String(error?.message), /unplugged/);
    assert.deepEqual(
      { state: scan.current?.state, taken: scan.current?.taken },
      { state: "failed", taken: 1 },
    );
  });

  test("cancelled, it comes back and keeps what it has", { timeout }, async () => {
    const { hosted, scan, stage } = await shared;
    const before = stage.position;
    const run = hosted.invoke("scan", { ...GRID, columns: 50, rows: 50 });
    const end = scan.tile_taken.on(() => run.cancel());
    await run.ended;
    end();
    assert.equal(run.status, "cancelled");
    assert.deepEqual(
      { state: scan.current?.state, taken: scan.current?.taken },
      { state: "cancelled", taken: 1 },
    );
    assert.deepEqual(stage.position, before);
  });

  test("what cannot be scanned is refused in a sentence", { timeout }, async () => {
    const { run } = await shared;
    const sentence = async (input: object) => String((await run(input)).error?.message);
    assert.match(await sentence({}), /not calibrated.*run calibrate_xy first, or give step_x/i);
    assert.match(await sentence({ ...GRID, focus: "each" }), /has no autofocus/);
    assert.match(await sentence({ ...GRID, columns: 100, rows: 100 }), /more than 2500/);
  });
});

test("scans outlive the server: one that was cut off is interrupted, what is no scan is left alone", {
  timeout,
}, async () => {
  const first = await scope();
  await first.run(GRID);
  const { name } = first.scan.current!;
  await first.host.close();
  const path = join(first.folder, name, `${name}.json`);
  const manifest = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...manifest, state: "scanning" }));
  const { scan, host, folder } = await scope({ folder: first.folder });
  assert.deepEqual(
    scan.scans.map(({ state, taken }) => [state, taken]),
    [["interrupted", 4]],
  );
  assert.equal(scan.tiles.length, 4);
  await scan.files.delete(scan.current!.id);
  assert.equal(scan.current, null);
  assert.deepEqual(await readdir(folder), []);
  await host.close();
});

test("a disk and a quota that are full end it in a sentence", { timeout }, async () => {
  const root = await mkdtemp(join(tmpdir(), "thingscope-"));
  const { bavail, bsize } = await statfs(root);
  const reserve_mb = Math.ceil((2 * bavail * bsize) / 1e6);
  for (const [options, sentence] of [
    [
      { reserve_mb },
      /takes no more tiles: its disk has \d+ MB free, and \d+ MB stay free\. Delete/,
    ],
    [{ quota_mb: 0.000_001 }, /have used up their quota/],
  ] as const) {
    const { host, scan, run } = await scope(options);
    const { error } = await run(GRID);
    assert.match(String(error?.message), sentence);
    assert.equal(scan.current?.state, "failed");
    await host.close();
  }
});

test("an area is covered, whole, by its grid, and rows run there and back", () => {
  const across = { right: { x: 1000, y: 0 }, down: { x: 0, y: -500 } };
  const view = { position: { x: 0, y: 0, z: 9 }, across, stepSize: { x: 0.1, y: 0.1 } };
  const grid = gridOf({ width: 260, height: 50, overlap: 0.2 }, view);
  // A tile is 100 um wide, and each further one adds 80.
  assert.deepEqual([grid.columns, grid.rows], [3, 1]);
  assert.deepEqual(grid.origin, { x: -800, y: 0, z: 9 });
  const places = [...placesOf(gridOf({ columns: 2, rows: 2, overlap: 0 }, view))];
  assert.deepEqual(
    places.map(({ x, y }) => [x, y]),
    [
      [-500, 250],
      [500, 250],
      [500, -250],
      [-500, -250],
    ],
  );
});
