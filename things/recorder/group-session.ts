import { hostname } from "node:os";
import { messageOf, now, type StoredFile, ThingError, wallTime } from "thingscope";
import type { Recorder } from "../recorder.ts";
import type { BegunRecording, Progress } from "./begun-recording.ts";
import type { Manifest, Start } from "./schemas.ts";

type Member = Manifest["recordings"][number];

/** What several recorders record together, from when it is asked for until it is stopped. */
export class GroupSession {
  readonly name: string;
  readonly #recorders: ReadonlyMap<string, Recorder>;
  readonly #stopping = new AbortController();
  #begun: Promise<ReadonlyMap<string, BegunRecording>> = Promise.resolve(new Map());
  /** Epoch ms; no frame is taken before all are ready. */
  #from = Number.POSITIVE_INFINITY;

  constructor(name: string, recorders: ReadonlyMap<string, Recorder>) {
    this.name = name;
    this.#recorders = recorders;
  }

  /**
   * All begin, or those that did are stopped before their first frame, which leaves no file.
   * @returns the first file of each.
   * @throws {ThingError} `ACTION_CANCELLED` when it was stopped before it had begun; and what keeps a recorder from beginning.
   */
  async begin(input: Start, signal: AbortSignal): Promise<StoredFile[]> {
    this.#begun = this.#beginAll(input, AbortSignal.any([signal, this.#stopping.signal]));
    return [...(await this.#begun).values()].map(({ file }) => file);
  }

  /** Settles when none of them records any more, whatever ended them. */
  async over(): Promise<void> {
    const begun = [...(await this.#begun).values()];
    await Promise.allSettled(begun.map(({ ended }) => ended));
  }

  /** Stops all at one moment, also while they begin. @returns what they recorded: nothing when they had not begun. */
  async stop(run: Progress): Promise<Manifest> {
    const why = `'${this.name}' was stopped before it had started.`;
    this.#stopping.abort(new ThingError("ACTION_CANCELLED", why));
    const begun = await this.#begun.catch(() => new Map<string, BegunRecording>()); // told by begin()
    const until = now();
    const from = Math.min(this.#from, until);
    const progressOf = meanOf(begun.size, run);
    const recordings = await Promise.all(
      [...begun].map(([name, { stop }]) => this.#member(name, stop(until, progressOf()))),
    );
    const [start, end] = [wallTime(from), wallTime(until)];
    const dateTime = (at: number) => new Date(at).toISOString();
    const times = {
      ...{ from: start, until: end },
      ...{ started: dateTime(start), stopped: dateTime(end) },
    };
    return { manifest: 1, name: this.name, host: hostname(), ...times, recordings };
  }

  async #beginAll(input: Start, signal: AbortSignal): Promise<Map<string, BegunRecording>> {
    const names = [...this.#recorders.keys()];
    const results = await Promise.allSettled(
      [...this.#recorders].map(([name, recorder]) =>
        recorder.startAt(() => this.#from, { ...input, name: `${this.name}_${name}` }, signal),
      ),
    );
    const begun = new Map<string, BegunRecording>();
    for (const [n, result] of results.entries()) {
      if (result.status === "fulfilled") begun.set(names[n]!, result.value);
    }
    const failed = results.find((result) => result.status === "rejected");
    if (!failed && !signal.aborted) {
      this.#from = now(); // all are ready
      return begun;
    }
    await Promise.allSettled([...begun.values()].map(({ stop }) => stop(0, { progress() {} })));
    throw failed?.reason ?? signal.reason;
  }

  /** One whose recorder cannot tell how it went is in the manifest all the same. */
  async #member(recorder: string, stopped: ReturnType<BegunRecording["stop"]>): Promise<Member> {
    const camera = this.#recorders.get(recorder)!.camera.name;
    const summary = await stopped.catch((error) => {
      return { ended: messageOf(error), captured: 0, written: 0, dropped: 0, files: [] };
    });
    return { recorder, camera, ...summary };
  }
}

/** Tells `run` the mean of how far `count` are. */
function meanOf(count: number, run: Progress): () => Progress {
  const done: number[] = [];
  return () => {
    const n = done.push(0) - 1;
    return {
      progress: (fraction) => {
        done[n] = fraction;
        run.progress(done.reduce((sum, part) => sum + part, 0) / count, "Writing what waits");
      },
    };
  };
}
