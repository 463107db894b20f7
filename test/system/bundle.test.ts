import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, runCli, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";

const CONFIG = `end_when_blocked_s: 1000
things:
  camera: thingscope/things:SimulatedCamera
  stage: thingscope/things:SimulatedStage
  worker: ./worker.ts:Doubling
`;
/** A class of a user's, which has its own `thingscope` and typebox, and a thread of the package's. */
const WORKER = `
import { property, Thing } from "thingscope";
import { SimulatedCamera } from "thingscope/things";
import { Type } from "typebox";
export class Doubling extends Thing {
  @property("Twice of what was set", Type.Number({ maximum: 10 })) accessor half: number = 4;
  @property("Whether the camera is of a class that this module knows", Type.Boolean(), { readOnly: true })
  get knows(): boolean { return this instanceof Thing && SimulatedCamera.prototype instanceof Thing; }
}
`;

test("what npm start runs is one copy of the package, with its threads, pages and codec", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({ "lab.yaml": CONFIG, "worker.ts": WORKER });
  await assertWholeWhileBundled(folder);
  const server = await serveCli(t, folder, "lab.yaml");
  const get = (path: string) => fetch(`${server.url}${path}`);
  assert.deepEqual(await (await get("/worker/knows")).json(), true);
  const tooMuch = await fetch(`${server.url}/worker/half`, { method: "PUT", body: "11" });
  assert.equal(tooMuch.status, 422);
  const snapshot = await get("/camera/mjpeg_stream/snapshot?wait=50");
  assert.deepEqual([snapshot.status, snapshot.headers.get("content-type")], [200, "image/jpeg"]);
  assert.equal((await get("/camera/mjpeg_stream/viewer")).status, 200);
  const problems = server.lines
    .filter(({ level, msg }) => level >= 40 && !msg.startsWith("The event loop was late")) // by a busy machine
    .map(({ msg }) => msg);
  assert.deepEqual(problems, []);
  assert.equal(await server.stop(), 0);
});

/** What begins while it is bundled again, as tests beside this one do, finds a whole bundle. */
async function assertWholeWhileBundled(folder: string): Promise<void> {
  let isMade = false;
  const made = promisify(execFile)(process.execPath, [packagePath("scripts", "bundle.mjs")]);
  void made.finally(() => {
    isMade = true;
  });
  while (!isMade) {
    const { code, stderr } = await runCli(folder, "--version");
    assert.equal(code, 0, stderr);
  }
  await made;
}
