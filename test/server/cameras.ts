import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  action,
  type EndpointResponse,
  endpoint,
  event,
  type Log,
  MJPEGStream,
  property,
  type ServerOptions,
  type StreamOptions,
  setting,
  stream,
  Thing,
  ThingEvent,
  ThingHost,
  ThingServer,
} from "thingscope";
import { Type } from "typebox";
import { cpuMs } from "../elapsed.ts";

/** A Thing with one of everything, which counts what is done to it. */
export class Camera extends Thing {
  /** How often something was changed or run. */
  touched = 0;
  @stream("Live view") readonly live = new MJPEGStream();
  @event("Done", Type.Integer()) readonly done = new ThingEvent<number>();
  @property("Gain", Type.Number()) get gain(): number {
    return 1;
  }
  set gain(_: number) {
    this.touched += 1;
  }
  @setting("Exposure", Type.Number()) accessor exposure = 20;
  @action("Shoot") async shoot(): Promise<void> {
    this.touched += 1;
  }
  @action("Compute for too long", { input: Type.Object({ ms: Type.Number() }) }) async block({
    ms,
  }: {
    ms: number;
  }): Promise<void> {
    const end = cpuMs() + ms; // of the processor's time: a busy machine takes longer for as much
    while (cpuMs() < end);
  }
  @endpoint("DELETE", "capture/:name", "operate") async deleteCapture(): Promise<EndpointResponse> {
    this.touched += 1;
    return { contentType: "application/json", body: null };
  }
}

/** A Thing that has lost its cable. */
export class Stage extends Thing {
  override open(): void {
    throw new Error("The stage does not answer. Plug it in.");
  }
}

/** A running server with a camera and a stage that could not open. */
export async function laboratory(
  test: TestContext,
  { log, ...options }: ServerOptions & { log?: Log } = {},
): Promise<{ server: ThingServer; host: ThingHost; camera: Camera; url: string; port: number }> {
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-"));
  const host = new ThingHost({ settingsFolder, ...(log && { log }) });
  const camera = new Camera();
  host.add("camera", camera);
  host.add("stage", new Stage());
  const server = new ThingServer(host, options);
  test.after(() => server.close());
  return { server, host, camera, ...(await server.listen({ port: 0 })) };
}

/** A running server whose only Thing, `camera`, has a stream `live` and nothing else. */
export async function cameraServer(
  test: TestContext,
  options: StreamOptions = {},
): Promise<{ stream: MJPEGStream; url: string; port: number }> {
  class OneStream extends Thing {
    @stream("Live view") readonly live = new MJPEGStream(options);
  }
  const camera = new OneStream();
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", camera);
  const server = new ThingServer(host);
  test.after(() => server.close());
  return { stream: camera.live, ...(await server.listen({ port: 0 })) };
}
