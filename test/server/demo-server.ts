import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type ServerOptions, ThingHost, ThingServer } from "thingscope";
import { Autofocus, SimulatedCamera, SimulatedStage } from "thingscope/things";
import { watch } from "../streams/watching.ts";

/** The simulated microscope on a free port of loopback, closed with its test. */
export async function microscopeFor(
  test: TestContext,
  options: ServerOptions = {},
): Promise<{ server: ThingServer; url: string; port: number }> {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", new SimulatedCamera());
  host.add("stage", new SimulatedStage());
  host.add("autofocus", new Autofocus());
  const server = new ThingServer(host, options);
  test.after(() => server.close());
  return { server, ...(await server.listen({ port: 0 })) };
}

/** The same while somebody watches its camera, which has given a frame. */
export async function watchedMicroscopeFor(test: TestContext, options: ServerOptions = {}) {
  const microscope = await microscopeFor(test, options);
  await watch(test, `${microscope.url}${options.apiPrefix ?? ""}/camera/mjpeg_stream`);
  return microscope;
}
