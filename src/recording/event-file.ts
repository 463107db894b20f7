import type { Frame, SourceLoss } from "../frames/frame.ts";
import type { EventSink } from "./event-cutter.ts";
import type { LostFrames, RecordingSummary } from "./ledger.ts";

/** A file that a recorder writes: `RecordingWriter`, or one of its users' own. */
export interface FrameWriter {
  /** The file's name, once it is there. */
  readonly opened: Promise<string>;
  /** How it went, once it is closed. */
  readonly ended: Promise<RecordingSummary>;
  add(frame: Frame): boolean;
  noteLoss(lost: LostFrames): void;
  /** What the camera's source lost after the newest frame. A writer that does not keep it leaves this out. */
  noteSource?(losses: readonly SourceLoss[]): void;
  close(reason: string): Promise<RecordingSummary>;
}

/** How a trigger is answered. */
export interface RecordOptions {
  /** How long it may take until the file is there, s. */
  readonly maxDelaySec?: number | undefined;
  /** Why: said in the file that this trigger begins. */
  readonly reason?: string | undefined;
  /** Called with the file's name once it is closed. Of several for one file, the last one is. */
  readonly onVideoFinished?: ((path: string, summary: RecordingSummary) => void) | undefined;
}

/** What a recorder is doing: no frame has come, it waits for a trigger, a file is being opened, written, closed. */
export const RECORDER_STATE = {
  DETACHED: 0,
  BUFFERING: 1,
  STARTING: 2,
  RECORDING: 4,
  FINISHING: 8,
} as const;

/** The file of one event, from its trigger until it is closed. */
export class EventFile implements EventSink {
  readonly writer: FrameWriter;
  readonly path: Promise<string>;
  state: number = RECORDER_STATE.STARTING;
  onVideoFinished: RecordOptions["onVideoFinished"];
  readonly #pendingLosses: () => readonly SourceLoss[];

  /** @param pendingLosses - What the source has lost that no frame has told yet. */
  constructor(writer: FrameWriter, pendingLosses: () => readonly SourceLoss[] = () => []) {
    this.writer = writer;
    this.#pendingLosses = pendingLosses;
    this.path = writer.opened;
    this.path.then(
      () => {
        if (this.state === RECORDER_STATE.STARTING) this.state = RECORDER_STATE.RECORDING;
      },
      () => {},
    );
  }

  add(frame: Frame): void {
    this.writer.add(frame);
  }

  noteLoss(lost: LostFrames): void {
    this.writer.noteLoss(lost);
  }

  end(reason: string): void {
    this.state = RECORDER_STATE.FINISHING;
    this.writer.noteSource?.(this.#pendingLosses());
    this.writer.close(reason).catch(() => {}); // `ended` is where it is told
  }
}
