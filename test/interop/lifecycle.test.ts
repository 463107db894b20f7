import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { python } from "./programs.ts";
import { serveInstrument } from "./serving.ts";

test("ThingClient grabs 800 x 600 beside an open stream, and SIGTERM ends the server within 3 s", {
  timeout: TEST_MS,
}, async (t) => {
  const server = await serveInstrument(t);
  const path = join(await mkdtemp(join(tmpdir(), "thingscope-")), "picture.jpg");
  const script = packagePath("test", "interop", "grab_picture.py");
  const child = spawn(python(), [script, `${server.url}/`, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  assert.equal(line, "saved");
  const { width, height } = inspectJpeg(await readFile(path));
  assert.deepEqual([width, height], [800, 600]);

  const elapsed = new Elapsed(server.child.pid!);
  assert.equal(await server.stop("SIGTERM"), 0);
  const { ms } = elapsed;
  assert.ok(ms < 3000, `It took ${Math.round(ms)} ms.`);
  assert.deepEqual(await ended, [0, null], "the viewer ends with its stream");
});
