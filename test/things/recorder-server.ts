import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Camera,
  type FrameSource,
  type Log,
  type ServerOptions,
  setting,
  ThingHost,
  ThingServer,
} from "thingscope";
import { Recorder, type RecorderOptions, SimulatedStage } from "thingscope/things";
import { Type } from "typebox";
import { ThingClient } from "../../src/client/index.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const JPEG = await jpegOf(96, 64);

/** Fifty real pictures a second. */
export class QuickCamera extends Camera {
  readonly #jpeg: Uint8Array;

  @setting("Exposure", Type.Number({ unit: "ms" })) accessor exposure = 4;

  constructor(jpeg: Uint8Array = JPEG) {
    super();
    this.#jpeg = jpeg;
  }

  protected override source(): FrameSource {
    const jpeg = this.#jpeg;
    return {
      async *frames(signal) {
        while (!signal.aborted) {
          yield { jpeg };
          await sleep(20);
        }
      },
    };
  }
}

/** A folder that is removed with its test's file. */
export function folderFor(_: TestContext): Promise<string> {
  return temporaryFolder("thingscope-recorder-");
}

/** A served `camera` with its `recorder`, beside a stage; and with more Recorders of that camera and folder, by their names. */
export async function recorderFor(
  t: TestContext,
  options: RecorderOptions = {},
  {
    log,
    more = [],
    jpeg,
    camera = new QuickCamera(jpeg),
    kind = Recorder,
    port: wanted = 0,
    ...server
  }: ServerOptions & {
    log?: Log;
    more?: readonly string[];
    jpeg?: Uint8Array;
    camera?: Camera;
    /** Of the one that is called `recorder`. */
    kind?: typeof Recorder;
    port?: number;
  } = {},
) {
  const folder = options.folder ?? (await folderFor(t));
  const settingsFolder = await folderFor(t);
  const host = new ThingHost({ settingsFolder, ...(log && { log }) });
  const settings = { folder, reserve_mb: 1, pre_s: 0.4, post_s: 0.4, ...options };
  const recorder = new kind(settings);
  host.add("camera", camera);
  host.add("stage", new SimulatedStage());
  host.add("recorder", recorder);
  for (const name of more) host.add(name, new Recorder(settings), { slots: { camera: "camera" } });
  const served = new ThingServer(host, server);
  const { url, port } = await served.listen({ port: wanted });
  t.after(() => served.close());
  const client = () => ThingClient.connect(`${url}/recorder/`);
  return { folder, host, camera, recorder, server: served, url, port, client };
}

/** Resolves once the recorder waits for a trigger. */
export async function armed(recorder: Recorder): Promise<void> {
  while (recorder.state !== "buffering") await sleep(10);
}
