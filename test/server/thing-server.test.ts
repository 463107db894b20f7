import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MJPEGStream, stream, Thing, ThingHost, ThingServer } from "thingscope";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";

class Camera extends Thing {
  @stream("Live view") readonly live = new MJPEGStream();
}

async function serverWithCamera(): Promise<ThingServer> {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", new Camera());
  return new ThingServer(host);
}

test("closing ends within 3 s with a viewer connected", { timeout: TEST_MS }, async () => {
  const server = await serverWithCamera();
  const { url } = await server.listen({ port: 0 });
  const viewer = await fetch(`${url}/camera/live`);
  const gone = viewer
    .body!.getReader()
    .read()
    .catch(() => "cut");
  const started = new Elapsed();
  await server.close();
  await gone;
  assert.ok(started.ms < 3000);
});

test("a port in use is told with the way out, and no Thing is opened", async () => {
  const first = await serverWithCamera();
  const { port } = await first.listen({ port: 0 });
  const second = await serverWithCamera();
  await assert.rejects(second.listen({ port }), {
    code: "PORT_IN_USE",
    message: /is in use by another program/,
  });
  assert.equal(second.host.get("camera").state, "closed");
  await first.close();
});
