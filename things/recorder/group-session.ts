import { hostname } from "node:os";
import { now, type StoredFile, ThingError, wallTime } from "thingscope";
import { clockOffset } from "thingscope/recording";
import type { Progress } from "./begun-recording.ts";
import { type Ended, qualityOf } from "./group-quality.ts";
import type { GroupRecorder, HeldMember } from "./group-recorder.ts";
import type { Manifest, Start } from "./schemas.ts";

type Member = Manifest["recordings"][number];

interface SessionOptions {
  readonly name: string;
  readonly recorders: readonly GroupRecorder[];
  /** How long before the common beginning the recorders are told of it, ms. */
  readonly leadMs: number;
  /** Told of recordings whose times cannot be read. */
  readonly onUnread: (error: unknown, member: HeldMember) => void;
}

/** Of the lead, what recorders have for saying that they know: the rest is for taking it back. */
const TOLD_PART = 0.6;
/** Who hears of the end later records a little more, ms. */
const END_LEAD_MS = 300;

/** What several recorders record together, from when it is asked for until it is stopped. */
export class GroupSession {
  readonly name: string;
  readonly #options: SessionOptions;
  readonly #stopping = new AbortController();
  #begun: Promise<ReadonlyMap<GroupRecorder, HeldMember>> = Promise.resolve(new Map());
  /** Epoch ms; no frame is taken before all are ready. */
  #from = Number.POSITIVE_INFINITY;
  /** As the wall clock was set at the beginning, which is that of the files here: it may be set meanwhile. */
  #clock = clockNow();

  constructor(options: SessionOptions) {
    this.name = options.name;
    this.#options = options;
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
    const begun = await this.#begun.catch(() => new Map<GroupRecorder, HeldMember>()); // told by begin()
    const until = now() + (begun.size > 0 ? Math.min(this.#options.leadMs, END_LEAD_MS) : 0);
    const from = Math.min(this.#from, until);
    const progressOf = meanOf(begun.size, run);
    const stopped = [...begun].map(async ([recorder, member]) => {
      return { recorder, member, summary: await member.stop(until, progressOf()) };
    });
    const ended = await Promise.all(stopped);
    const quality = await qualityOf(ended, this.#options.onUnread);
    const { clock, shiftMs } = this.#clock;
    const [start, end] = [from + shiftMs, until + shiftMs];
    const dateTime = (at: number) => new Date(at).toISOString();
    return {
      ...{ manifest: 1, name: this.name, host: hostname(), ...(clock && { clock }) },
      ...{ from: start, until: end, started: dateTime(start), stopped: dateTime(end) },
      ...(quality && { quality }),
      recordings: ended.map(memberOf),
    };
  }

  async #beginAll(
    input: Start,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<GroupRecorder, HeldMember>> {
    const { recorders, leadMs } = this.#options;
    const results = await Promise.allSettled(
      recorders.map((recorder) =>
        recorder.hold({ ...input, name: `${this.name}_${fileNameOf(recorder)}` }, signal),
      ),
    );
    const held = new Map<GroupRecorder, HeldMember>();
    for (const [n, result] of results.entries()) {
      if (result.status === "fulfilled") held.set(recorders[n]!, result.value);
    }
    const failed = results.find((result) => result.status === "rejected");
    try {
      if (failed) throw failed.reason;
      signal.throwIfAborted();
      await this.#tellAll([...held.values()], now() + leadMs, signal);
      return held;
    } catch (error) {
      await Promise.all([...held.values()].map((member) => member.cancel()));
      throw error;
    }
  }

  /** All are ready: they are told from when on they record. */
  async #tellAll(held: readonly HeldMember[], from: number, signal: AbortSignal): Promise<void> {
    const { leadMs } = this.#options;
    const timely = AbortSignal.timeout(Math.max(1, leadMs * TOLD_PART));
    const either = leadMs > 0 ? AbortSignal.any([signal, timely]) : signal;
    const told = await Promise.allSettled(held.map((member) => member.begin(from, either)));
    const untold = told.findIndex((one) => one.status === "rejected");
    if (untold >= 0 && timely.aborted) throw tooSlow(held[untold]!, leadMs);
    for (const one of told) if (one.status === "rejected") throw one.reason;
    signal.throwIfAborted();
    this.#from = from;
    this.#clock = clockNow();
  }
}

function clockNow() {
  return { clock: clockOffset(), shiftMs: wallTime(0) };
}

function tooSlow({ file, machine }: HeldMember, leadMs: number): ThingError {
  return new ThingError(
    "NOT_READY",
    `'${machine}' did not say in time that it begins '${file.name}', ${leadMs / 1000} s ahead. Check the connection to it, or make 'lead_s' of the group larger; then start again.`,
  );
}

/** What a recorder is called in the names of its files: letters, digits, `_` and `-`. */
function fileNameOf({ name }: GroupRecorder): string {
  return name
    .replace(/^https?:\/\//, "")
    .replace(/\W+/g, "_")
    .replace(/_$/, "");
}

function memberOf({ recorder, member, summary }: Ended & { recorder: GroupRecorder }): Member {
  const { camera, host, clock } = member;
  const { driftMs, ...rest } = summary;
  return {
    ...{ recorder: recorder.name, camera, host, ...(clock && { clock }) },
    ...(driftMs !== undefined && { driftMs }),
    ...rest,
  };
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
