import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { thorVisionFor, until } from "../adapters/thorvision/serving.ts";
import { assertNamesIn, rowsFrom, run } from "../docs/coming-from.ts";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const ROWS = rowsFrom("ThorVision");
/** Every public name of pythorvision's Client API Reference, and `extract_metadata`. */
const NAMES = [
  ...["Stream", "camera", "capability", "port", "video_path", "gstreamer_pipeline", "process"],
  ...["gstreamer_log_file", "gstreamer_log_file_path", "created_at", "ThorVisionClient", "host"],
  ...["streams", "__del__", "clean_streams", "get_log", "list_cameras", "list_logs"],
  ...["model_post_init", "start_stream_with_recording", "split_max_files", "split_max_time_sec"],
  ...["split_max_size_mb", "gstreamer_debug", "output_dir", "log_name", "stop_stream"],
  ...["extract_metadata", "capabilities"],
];

test("docs/coming-from.md has every public name of pythorvision", () => {
  assertNamesIn(ROWS, NAMES);
});

test("each line that one writes now in the place of pythorvision's runs, one after another", {
  timeout: TEST_MS,
}, async (t) => {
  const { thing, port } = await thorVisionFor(t);
  await until(() => thing.available.length === 1);
  const outputDir = await temporaryFolder("thingscope-thorvision-");
  const scope: Record<string, unknown> = { host: "127.0.0.1", port, outputDir };
  t.after(() => run("await client?.cleanStreams()", { client: scope.client }));
  for (const { now } of ROWS) {
    if (now.includes("stopStream")) await sleep(1000); // something to record
    const given = await run(now, scopeFor(now, scope));
    if (now.includes("return")) assert.notEqual(given, undefined, now);
    Object.assign(scope, next(now, given));
  }
  assert.deepEqual(thing.streams, []);
});

/** What later rows call by name. */
function next(now: string, given: unknown): Record<string, unknown> {
  const [, name = ""] = /const \{? ?(\w+) ?\}? = /.exec(now) ?? [];
  if (name === "cameras") {
    const [camera] = given as [{ capabilities: unknown[] }];
    return { cameras: given, camera, capability: camera.capabilities[0] };
  }
  if (now.includes("videoPath")) return { videoPath: String(given).replace("%02d", "00") };
  if (now.includes("listLogs")) return { logName: (given as string[])[0] };
  return name ? { [name]: given } : {};
}

/** A row that declares a name must not be given it as well. */
function scopeFor(now: string, scope: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const declared = [...now.matchAll(/const \{? ?(\w+)/g)].map(([, name]) => name);
  return Object.fromEntries(Object.entries(scope).filter(([name]) => !declared.includes(name)));
}
