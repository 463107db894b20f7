import assert from "node:assert/strict";
import { readdir, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Camera, type FrameSource, now, ThingHost } from "thingscope";
import { exportRecording, RecordingWriter, verifyRecording } from "thingscope/recording";
import { Recorder } from "thingscope/things";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { patience, TEST_MS } from "../limits.ts";
import { needsRoot } from "../needs.ts";
import { accountOf } from "../recording/accounts.ts";
import { picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { onSmallDisk } from "./small-disk.ts";

const ROOT = needsRoot("mounts a disk");

/** Frames of 200 kB, 50 a second. */
class HeavyCamera extends Camera {
  protected override source(): FrameSource {
    return {
      async *frames(signal) {
        for (let n = 0; !signal.aborted; n++) {
          yield { jpeg: picture(n, 200_000) };
          await sleep(20);
        }
      },
    };
  }
}

const RESERVE_MB = 30;
const JPEG = await jpegOf(64, 48);

async function freeIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

test("whatever two recorders of a disk write ends before its reserve is touched, and nothing more is begun", {
  timeout: TEST_MS,
  ...ROOT,
}, async () => {
  await onSmallDisk(async (disk) => {
    const host = new ThingHost({ settingsFolder: await temporaryFolder() });
    host.add("camera", new HeavyCamera());
    const options = { reserve_mb: RESERVE_MB, pre_s: 0.2, post_s: 600 };
    const recorders = ["first", "second"].map((name) => {
      const recorder = new Recorder({ ...options, folder: join(disk, name) });
      host.add(name, recorder, { slots: { camera: "camera" } });
      return recorder;
    });
    const [first, second] = recorders;
    assert.ok(first && second);
    const told: string[] = [];
    first.no_room.on(({ why }) => void told.push(why));
    await host.open();
    try {
      await eventually(() => recorders.every(({ state }) => state === "buffering"));
      const { path } = await first.record({ max_delay: 30 });
      const lapse = host.get("second").invoke("timelapse", { interval: 0.05 });
      await lapse.ended;
      await eventually(() => !first.busy);
      const { mjpeg_stream } = first.camera;
      for (let n = 0; n < 3; n++) await mjpeg_stream.nextFrame(patience()); // whichever of the two ended last
      const free = await freeIn(disk);
      assert.ok(free > RESERVE_MB * 1e6, `${free} bytes are free`);
      assert.ok(free < RESERVE_MB * 1e6 + 15e6, `${free} bytes are free`);
      const wanted = {
        record: { max_delay: 30 },
        start_recording: {},
        timelapse: { interval: 1 },
        capture_still: { settle: false },
        export: { id: second.recordings[0]!.id, format: "mp4" },
      };
      await writeFile(join(disk, "others"), new Uint8Array(free - RESERVE_MB * 1e6)); // to the brim
      for (const [action, input] of Object.entries(wanted)) {
        const thing = host.get(action === "export" ? "second" : "first");
        const run = thing.invoke(action, input);
        await run.ended;
        assert.match(String(run.error?.message), /less than its reserve of 30 MB free/, action);
      }
      assert.equal(told.length, 4);
      await host.close();
      const { summary } = await accountOf(path);
      assert.equal(summary.ended, "the disk has less than its reserve of 30 MB free");
      assert.ok(summary.captured > summary.written, "frames came afterwards");
      const listed = Object.values<number>(summary.dropped).reduce((sum, count) => sum + count, 0);
      assert.equal(summary.captured, summary.written + listed, "what came afterwards is listed");
      const names = (await readdir(disk, { recursive: true })).filter(
        (name) => !/\.lock/.test(name),
      );
      assert.deepEqual(names.filter((name) => !/\.(mkv|ledger\.jsonl)$/.test(name)).sort(), [
        "first",
        "others",
        "second",
      ]);
    } finally {
      await host.close();
    }
  });
});

test("an export is cut off before the reserve is touched, and nothing of it is left", {
  timeout: TEST_MS,
  ...ROOT,
}, async () => {
  await onSmallDisk(async (disk) => {
    const writer = new RecordingWriter({ path: join(disk, "film.mkv") });
    const path = await writer.opened;
    for (let n = 0; n < 30; n++) {
      writer.add(storeFrame(JPEG, { run: "k3x9q2", index: n, capturedAt: now() + 33 * n }).frame);
    }
    await writer.begun;
    const exporting = exportRecording(path, {
      format: "mp4",
      until: writer.ended,
      room: { reserveBytes: RESERVE_MB * 1e6, quotaBytes: Number.POSITIVE_INFINITY },
    });
    const failed = assert.rejects(exporting, {
      code: "NO_ROOM",
      message:
        /film.mkv was not exported: .* less than its reserve of 30 MB free.* The MKV is kept/,
    });
    const drafts = async () => (await readdir(disk)).filter((name) => name.endsWith(".part"));
    while ((await drafts()).length === 0) await sleep(20);
    await writeFile(join(disk, "others"), new Uint8Array((await freeIn(disk)) - 20e6));
    await failed;
    assert.deepEqual(await drafts(), []);
    assert.equal((await writer.close()).written, 30);
    const { ok, sentence } = await verifyRecording(path);
    assert.ok(ok, sentence);
  });
});
