import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import { type ServerOptions, ThingHost, ThingServer } from "thingscope";
import { Autofocus, SimulatedCamera, SimulatedStage } from "thingscope/things";
import { watch } from "../streams/watching.ts";

/** The simulated microscope on a free port of loopback, closed with its test. */
export async function microscopeFor(
  test: { after(close: () => unknown): void },
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

const closings: (() => unknown)[] = [];
after(() => Promise.all(closings.map((close) => close())));
let shared: ReturnType<typeof microscopeFor> | undefined;

/** The same for all tests of a file. */
export function sharedMicroscope(): ReturnType<typeof microscopeFor> {
  shared ??= microscopeFor({ after: (close) => void closings.push(close) });
  return shared;
}

/** The same while somebody watches its camera, which has given a frame. */
export async function watchedMicroscopeFor(test: TestContext, options: ServerOptions = {}) {
  const microscope = await microscopeFor(test, options);
  await watch(test, `${microscope.url}${options.apiPrefix ?? ""}/camera/mjpeg_stream`);
  return microscope;
}
