import { hostname } from "node:os";
import { messageOf, type StoredFile } from "thingscope";
import {
  type CaptureTimes,
  type ClockOffset,
  captureTimes,
  clockOffset,
} from "thingscope/recording";
import type { Recorder } from "../recorder.ts";
import type { BegunRecording, Progress } from "./begun-recording.ts";
import { ClockDrift } from "./fleet-time.ts";
import type { Start, Summary, Trigger } from "./schemas.ts";

/** A recorder as a group uses it, wherever it is. */
export interface GroupRecorder {
  /** What the manifest calls it. */
  readonly name: string;
  /** Opens a file, and takes no frames. */
  hold(input: Start, signal: AbortSignal): Promise<HeldMember>;
  record(input: Trigger): Promise<StoredFile>;
}

/** How it went, as far as that is known, and how far its clock went from the fleet's. */
export interface MemberSummary
  extends Pick<Summary, "ended" | "files">,
    Partial<Pick<Summary, "captured" | "written" | "dropped">> {
  readonly driftMs?: number | undefined;
}

/** A recorder of a group whose file is open. */
export interface HeldMember {
  readonly camera: string;
  readonly host: string;
  /** Another one for each clock. */
  readonly machine: string;
  /** How the clock of its frames stood to the fleet's when it was held. */
  readonly clock: ClockOffset | undefined;
  /** The first file. */
  readonly file: StoredFile;
  /** Settles when it has ended, whatever ended it. */
  readonly ended: Promise<unknown>;
  /** Frames captured from a time on, epoch ms, are taken. @throws {ThingError} when it cannot be told in time. */
  begin(from: number, signal: AbortSignal): Promise<void>;
  /** Stops it without frames, if it has taken none; never rejects. */
  cancel(): Promise<void>;
  /** Stops it with the frames captured until a time, epoch ms. Never rejects: how it ended says why it does not tell. */
  stop(until: number, run: Progress): Promise<MemberSummary>;
  /** When the frames of one of its files were captured, from the one after `skip` on. */
  times(file: StoredFile, skip: number): Promise<CaptureTimes>;
}

/** How it went where nobody can tell: there are no counts. @param files - What is known to be there. */
export function untold(error: unknown, files: StoredFile[] = []): MemberSummary {
  return { ended: messageOf(error), files };
}

/** A recorder of this server. */
export class LocalRecorder implements GroupRecorder {
  readonly name: string;
  readonly #recorder: Recorder;

  constructor(name: string, recorder: Recorder) {
    this.name = name;
    this.#recorder = recorder;
  }

  async hold(input: Start, signal: AbortSignal): Promise<HeldMember> {
    const moments = { from: Number.POSITIVE_INFINITY };
    const clock = clockOffset();
    const begun = await this.#recorder.startAt(() => moments.from, input, signal);
    const about = { camera: this.#recorder.camera.name, host: hostname(), machine: "", clock };
    return heldHere(begun, moments, about);
  }

  record(input: Trigger): Promise<StoredFile> {
    return this.#recorder.record(input);
  }
}

/** Times in one turn. */
const MOST_TIMES = 20_000;

function heldHere(
  begun: BegunRecording,
  moments: { from: number },
  about: Pick<HeldMember, "camera" | "host" | "machine" | "clock">,
): HeldMember {
  const drift = new ClockDrift();
  return {
    ...{ ...about, file: begun.file, ended: begun.ended },
    async begin(from) {
      moments.from = from;
    },
    async cancel() {
      await begun.stop(0, { progress() {} }).catch(() => {}); // whoever cancels knows why
    },
    async stop(until, run) {
      const summary = await begun.stop(until, run).catch((error) => untold(error));
      return { ...summary, driftMs: drift.ms };
    },
    times: ({ path }, skip) => captureTimes(path, { skip, most: MOST_TIMES }),
  };
}
