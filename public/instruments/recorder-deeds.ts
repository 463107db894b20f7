import { download } from "../recordings/recording-deeds.ts";
import { bytesText, countText, lengthText } from "../recordings/words.ts";
import type { LiveThing } from "../things/live-thing.ts";
import { server } from "../things/server.ts";
import { affordancesOf } from "../things/td.ts";
import { ofCamera } from "./of-camera.ts";

/** What can be recorded takes so long to begin at most, s: a camera that is off has to start. */
const BEGINS_WITHIN_S = 15;
/** An action whose request has no answer for so long, ms, is given up. What it runs for afterwards is not limited: the server tells of it. */
const ACCEPTED_MS = 60_000;

/** Whether a Thing records until it is stopped. */
export function isRecording(thing: LiveThing): boolean {
  const { value } = thing.values.get("until_stopped") ?? {};
  return value === true;
}

/**
 * Begins to record, with the seconds before if the Recorder holds them, or stops.
 * @param isOn - Whether it was shown to record: another page may have begun or stopped meanwhile, which must not turn one into the other.
 * @returns what was done, as a sentence. @throws {ClientError} with the server's sentence.
 */
export async function record(thing: LiveThing, isOn: boolean): Promise<string> {
  const { client } = thing;
  if (!client) throw new Error("The Recorder is not known yet. Try again in a moment.");
  const { properties, actions } = affordancesOf(thing.td);
  const ask = async (name: string) =>
    properties.has(name) ? accepted((options) => client.read(name, options)) : undefined;
  const isGoing = (await ask("until_stopped")) === true;
  if (isOn) return isGoing ? stop(thing) : "It had been stopped already.";
  if (isGoing) return "Recording"; // somebody else has begun
  const mayHold = Object(Object(actions.get("record")?.input).properties).until_stopped;
  if (mayHold && (await ask("armed")) !== false) {
    const reason = "Record on the dashboard";
    await run(thing, "record", { reason, until_stopped: true, max_delay: BEGINS_WITHIN_S });
  } else await run(thing, "start_recording", {});
  return "Recording";
}

/** @returns what was recorded, as a sentence. */
async function stop(thing: LiveThing): Promise<string> {
  const { ended, written, dropped, files } = Object(await run(thing, "stop_recording", undefined));
  const lost = dropped > 0 ? `${countText(dropped, "frame")} lost` : "none was lost";
  const list: readonly unknown[] = Array.isArray(files) ? files : [];
  const size = list.reduce((sum: number, file) => sum + Number(Object(file).size ?? 0), 0);
  const seconds = list.reduce((sum: number, file) => sum + Number(Object(file).duration ?? 0), 0);
  const why = ended === "stopped" ? "" : `, ended: ${ended}`;
  return `Recorded ${countText(Number(written), "frame")} over ${lengthText(seconds)}, ${lost}, ${bytesText(size)}${why}`;
}

/**
 * Takes a picture of a camera at its full size and saves it in the browser: by a Recorder of that camera if there is one, which keeps
 * it, too, with how it was taken in its EXIF.
 * @returns what was done, as a sentence. @throws {ClientError} with the server's sentence.
 */
export async function still(camera: LiveThing): Promise<string> {
  const name = nameOf(camera);
  const recorder = await ofCamera(name, "Recorder").catch(() => undefined);
  const blob = Object(
    recorder ? await run(recorder, "capture_still", {}) : await run(camera, "capture", {}),
  );
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const file = `${name}_${time}.jpg`;
  download(new URL(String(blob.href ?? blob.url), camera.url).href, file);
  return recorder ? `${file} is downloaded, and in Recordings` : `${file} is downloaded`;
}

/** @returns the output of an action. @throws a `TimeoutError` when nobody answers its request. */
async function run({ client }: LiveThing, action: string, input: unknown): Promise<unknown> {
  const begun = await accepted(async (options) => client?.actions[action]?.start(input, options));
  return begun?.result();
}

async function accepted<T>(ask: (options: { signal: AbortSignal }) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const end = () => late.abort(new DOMException("No answer.", "TimeoutError"));
  const timer = setTimeout(end, ACCEPTED_MS);
  try {
    return await ask({ signal: late.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** The name of a Thing of this server. */
function nameOf(thing: LiveThing): string {
  const found = [...server.things].find(([, one]) => one === thing);
  return found?.[0] ?? decodeURIComponent(new URL(thing.url).pathname.split("/").at(-2) ?? "still");
}
