import {
  delay,
  messageOf,
  type StoredFile,
  type ThingContext,
  ThingError,
  withDeadline,
} from "thingscope";
import { steadyOffset } from "thingscope/recording";
import type { Progress } from "./begun-recording.ts";
import { fleetMoment } from "./fleet-time.ts";
import {
  type GroupRecorder,
  type HeldMember,
  type MemberSummary,
  untold,
} from "./group-recorder.ts";
import type { EndedSummary, Held, Times } from "./joint-schemas.ts";
import type { Start, Trigger } from "./schemas.ts";

type Peers = NonNullable<NonNullable<ThingContext["others"]>["peers"]>;
type PeerThing = Awaited<ReturnType<Peers["thing"]>>;

/** How long another machine may take to open a file, ms. */
const HOLD_MS = 20_000;
/** How often another machine is asked whether it records still, ms. */
const LOOK_MS = 2000;
/** How often while it ends: whoever has stopped the group waits. */
const END_LOOK_MS = 500;
/** When so many questions in a row have no answer, nobody waits any longer for how it went. */
const MOST_LOOKS = 5;

/** A recorder of another server of the fleet. */
export class RemoteRecorder implements GroupRecorder {
  readonly name: string;
  readonly #peers: () => Peers | undefined;

  /** @param name - `MEMBER/THING`, or its URL. @param peers - Undefined before this server has joined a fleet. */
  constructor(name: string, peers: () => Peers | undefined) {
    this.name = name;
    this.#peers = peers;
  }

  async hold(input: Start, signal: AbortSignal): Promise<HeldMember> {
    return withDeadline(HOLD_MS, signal, async (either) => {
      const thing = await this.#thing(either);
      // What the other's output schema promises.
      const held = (await thing.invoke("hold_recording", input, { signal: either })) as Held;
      return new HeldThere(thing, held);
    });
  }

  async record(input: Trigger): Promise<StoredFile> {
    return (await (await this.#thing()).invoke("record", input)) as StoredFile;
  }

  async #thing(signal?: AbortSignal): Promise<PeerThing> {
    const peers = this.#peers();
    if (peers) return peers.thing(this.name, signal);
    throw new ThingError(
      "NOT_READY",
      `'${this.name}' cannot be reached: this server is in no fleet. Add 'fleet' to its configuration.`,
    );
  }
}

class HeldThere implements HeldMember {
  readonly camera: string;
  readonly host: string;
  readonly machine: string;
  readonly clock: HeldMember["clock"];
  readonly file: StoredFile;
  readonly ended: Promise<unknown>;
  readonly #thing: PeerThing;
  readonly #id: string;
  readonly #closed = new AbortController();
  #unanswered = 0;
  #lookMs = LOOK_MS;
  /** Called when nobody has answered for long. */
  #onLost: (why: unknown) => void = () => {};

  constructor(thing: PeerThing, { id, camera, host, clock, file }: Held) {
    this.camera = camera;
    this.host = host;
    this.machine = thing.address.split("/")[0]!;
    this.clock = clock;
    this.file = file;
    this.#thing = thing;
    this.#id = id;
    this.ended = this.#watch();
  }

  async begin(from: number, signal: AbortSignal): Promise<void> {
    const input = { id: this.#id, ...fleetMoment(from) };
    await this.#thing.invoke("begin_recording", input, { signal });
  }

  async cancel(): Promise<void> {
    this.#closed.abort();
    const signal = AbortSignal.timeout(LOOK_MS);
    const input = { id: this.#id };
    await this.#thing.invoke("end_recording", input, { signal }).catch(() => {}); // it gives up by itself
  }

  async stop(until: number, run: Progress): Promise<MemberSummary> {
    const lost = new AbortController();
    this.#onLost = (why) => lost.abort(why);
    this.#lookMs = END_LOOK_MS;
    try {
      const input = { id: this.#id, ...(steadyOffset() && fleetMoment(until)) };
      const onProgress = (fraction: number) => run.progress(fraction);
      const { signal } = lost;
      const ended = await this.#thing.invoke("end_recording", input, { signal, onProgress });
      return ended as EndedSummary; // what the other's output schema promises
    } catch (error) {
      return untold(this.#whyUntold(error), [this.file]);
    } finally {
      this.#closed.abort();
    }
  }

  async times(file: StoredFile, skip: number): ReturnType<HeldMember["times"]> {
    const signal = AbortSignal.timeout(HOLD_MS);
    const times = await this.#thing.invoke("frame_times", { id: file.id, skip }, { signal });
    const { clock, ...rest } = times as Times;
    return { clock, ...rest };
  }

  /** Until it records no more. One that does not answer may record all the same. */
  async #watch(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        await delay(this.#lookMs, signal);
        const isGoing = await withDeadline(LOOK_MS, signal, (either) =>
          this.#thing.read("until_stopped", either),
        );
        if (isGoing === false) return;
        this.#unanswered = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#unanswered += 1;
        if (this.#unanswered >= MOST_LOOKS) this.#onLost(error);
      }
    }
  }

  #whyUntold(error: unknown): string {
    const why = messageOf(error).replace(/[.?]$/, "");
    return `${why}. What '${this.#thing.address}' has of '${this.file.name}' is in its own list; if it records still, stop it there.`;
  }
}
