import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { detachedInvocation, ThingHost, ThingServer } from "thingscope";
import { packagePath } from "../../src/base/package-root.ts";
import { Autofocus, SimulatedCamera, SimulatedStage, TestCamera } from "../../things/index.ts";
import { SimulatedOptics } from "../../things/optics/simulated-optics.ts";
import { tdFaults } from "../conformance/td-schema.ts";
import { TEST_MS } from "../limits.ts";
import { SAMPLING_INTERVAL } from "./microscope.ts";

const SEED = 1;

suite("a microscope over HTTP", () => {
  const focus = new SimulatedOptics({ seed: SEED }).focusAt(0, 0);
  const stage = new SimulatedStage({ start: { z: Math.round(focus) - 700 } });
  const serving = serve(stage);
  before(() => new SimulatedOptics({ seed: SEED }).whole()); // or a busy machine would lose frames of a sweep
  after(async () => (await serving).server.close());

  test("every Thing's description is valid", { timeout: TEST_MS }, async () => {
    const { url } = await serving;
    const response = await fetch(`${url}/thing_descriptions/`);
    const descriptions = Object.entries((await response.json()) as Record<string, unknown>);
    assert.deepEqual(descriptions.map(([name]) => name).sort(), [
      "autofocus",
      "camera",
      "stage",
      "test_camera",
    ]);
    for (const [name, description] of descriptions) {
      assert.deepEqual(tdFaults(description), [], name);
    }
  });

  for (const [method, timeout] of [
    ["sizes", 60_000],
    ["next_frame_size", 120_000],
  ] as const) {
    test(`the script finds the focus with ${method}`, { timeout }, async () => {
      const { url } = await serving;
      const start = Math.round(focus) - 700;
      await stage.move_absolute({ z: start }, detachedInvocation());
      const script = packagePath("examples", "autofocus-script.ts");
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--import", "tsx", script, url, "--method", method],
        { cwd: packagePath() },
      );
      const error = stage.position.z - focus;
      assert.ok(Math.abs(error) <= SAMPLING_INTERVAL, `${error.toFixed(1)} steps off\n${stdout}`);
      assert.match(stdout, new RegExp(`focus at z = ${stage.position.z}, .* by ${method}`));
    });
  }
});

test("the script says what to do when nothing answers", { timeout: TEST_MS }, async () => {
  const script = packagePath("examples", "autofocus-script.ts");
  const run = promisify(execFile)(
    process.execPath,
    ["--import", "tsx", script, "http://127.0.0.1:9"],
    {
      cwd: packagePath(),
    },
  );
  await assert.rejects(run, /Nothing answers at http:\/\/127\.0\.0\.1:9\. Start the server first/);
});

async function serve(stage: SimulatedStage) {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("stage", stage);
  host.add("camera", new SimulatedCamera({ seed: SEED }));
  host.add("autofocus", new Autofocus(), { slots: { camera: "camera" } });
  host.add("test_camera", new TestCamera());
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  return { server, url };
}
