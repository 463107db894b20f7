// Takes frames in and shows them: `node ours.js 'JSON'`, JSON being one `CameraJob` for each camera. It prints `warm: ` and
// an address where it first takes frames as fast as they come, and then the addresses, in one line, when frames come steadily.
import { setTimeout as after } from "node:timers/promises";
import { type Framing, Pipeline, pipelineCommand, type RunningSource } from "../../src/frames.ts";
import { Camera, logTo, MjpegHttpSource, ThingHost, ThingServer } from "../../src/index.ts";
import { RUN_IN_SECONDS } from "../run-in.ts";

/** Where frames come from: an address, or a program. */
export type Input =
  | { readonly url: string }
  | { readonly words: readonly string[]; readonly framing: Framing };

export interface CameraJob {
  /** What it takes in first, so that its code is compiled; absent: it is measured cold. */
  readonly fast?: Input;
  readonly steady: Input;
}

class TakingCamera extends Camera {
  readonly #steady: RunningSource;
  #now: RunningSource;

  constructor(fast: RunningSource | undefined, steady: RunningSource) {
    super({ keep_warm: true });
    this.#steady = steady;
    this.#now = fast ?? steady;
  }

  protected override source(): RunningSource {
    return switched(() => this.#now);
  }

  /** Resolves when its first steady frame has come. */
  async becomesSteady(): Promise<void> {
    this.#now = this.#steady;
    await this.restartSource(AbortSignal.timeout(10_000));
  }
}

/** A source that is another one after a restart. */
function switched(current: () => RunningSource): RunningSource {
  return { run: (sink, signal) => current().run(sink, signal) };
}

async function sourceOf(input: Input): Promise<RunningSource> {
  if ("url" in input) return new MjpegHttpSource(input.url);
  const { words, framing } = input;
  const pipeline = new Pipeline(await pipelineCommand({ pipeline: words, framing }));
  return [...pipeline.cameras.values()][0]!;
}

const jobs: readonly CameraJob[] = JSON.parse(process.argv[2] ?? "[]");
const log = logTo((level, message) => console.error(`${level}: ${message}`));
const host = new ThingHost({ log });
const cameras = await Promise.all(
  jobs.map(
    async ({ fast, steady }) =>
      new TakingCamera(fast && (await sourceOf(fast)), await sourceOf(steady)),
  ),
);
for (const [n, camera] of cameras.entries()) host.add(`camera${n}`, camera);
const { url } = await new ThingServer(host).listen({ port: 0 });
const addresses = cameras.map((_, n) => `${url}/camera${n}/mjpeg_stream`);
if (jobs[0]?.fast) {
  console.log(`warm: ${addresses[0]}`);
  await after(RUN_IN_SECONDS * 1000);
}
for (const camera of cameras) await camera.becomesSteady();
console.log(addresses.join(" "));
process.on("SIGTERM", () => void host.close().then(() => process.exit(0)));
