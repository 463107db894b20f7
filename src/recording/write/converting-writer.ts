import { isStopped } from "../../base/abort.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { silentLog } from "../../base/log.ts";
import type { Frame, FrameName, SourceLoss } from "../../frames/frame.ts";
import { exportRecording } from "../export/export.ts";
import { isTakenBack } from "../files/exports-under-way.ts";
import type { LostFrames, RecordingSummary } from "../ledger/ledger.ts";
import { formatOf, type VideoFormat } from "../ledger/video-format.ts";
import { withExtension } from "../ledger/video-names.ts";
import type { FrameWriter } from "./event-file.ts";
import type { RecordingOptions } from "./recording-options.ts";
import { RecordingWriter } from "./recording-writer.ts";
import type { FrameQueue } from "./write-queue.ts";

/** A recording as it is written. `RecordingWriter` is one. */
export interface Recorded extends FrameWriter {
  add(frame: Frame, onWritten?: () => void): boolean;
  noteSource(losses: readonly SourceLoss[]): void;
  readonly endReason: string | undefined;
  readonly stats: RecordingWriter["stats"];
}

/** How a recording is written whose name ends with `.mp4` or `.webm`. */
interface ConvertingOptions extends RecordingOptions {
  /** Times as they are in the recording, not from 0. */
  readonly keepStart?: boolean | undefined;
  /** Keeps the MKV beside the result. */
  readonly keepMkv?: boolean | undefined;
  /** Cuts off what is made: the MKV is what there is then. */
  readonly exportSignal?: AbortSignal | undefined;
}

/** Writes a recording of the format that its name ends with. */
export function newRecording(options: ConvertingOptions): Recorded {
  return formatOf(options.path) ? new ConvertingWriter(options) : new RecordingWriter(options);
}

/**
 * Records an MKV, and has ffmpeg make an MP4 or a WebM of it while it grows. The MKV is removed when that has every
 * frame at its time; without ffmpeg, or when it fails, the MKV is what there is.
 */
class ConvertingWriter implements Recorded {
  readonly opened: Promise<string>;
  readonly ended: Promise<RecordingSummary>;
  readonly conversion: { recorded: Promise<RecordingSummary>; fraction: number; path?: string };
  readonly #writer: RecordingWriter;
  readonly #options: ConvertingOptions;
  readonly #format: VideoFormat;

  /** @throws {ThingError} `BAD_ARGUMENT` for a name with another end. */
  constructor(options: ConvertingOptions) {
    const format = formatOf(options.path);
    if (!format) {
      const why = `'${options.path}' is not the name of a recording: it must end with .mkv, .mp4 or .webm.`;
      throw new ThingError("BAD_ARGUMENT", why);
    }
    this.#options = options;
    this.#format = format;
    const path = options.path.replace(/\.\w+$/, ".mkv");
    const { keepStart, keepMkv = false } = options;
    const exporting = { format, replace: !keepMkv, keepStart };
    this.#writer = new RecordingWriter({ ...options, path, exporting });
    this.conversion = { recorded: this.#writer.ended, fraction: 0 };
    this.opened = this.#writer.opened.then((mkv) => withExtension(mkv, format));
    this.ended = this.#convert();
    this.opened.catch(() => {}); // told by `ended`
    this.ended.catch(() => {}); // and by the log
  }

  get begun(): Promise<void> {
    return this.#writer.begun;
  }

  get endReason(): string | undefined {
    return this.#writer.endReason;
  }

  get stats(): RecordingWriter["stats"] {
    return this.#writer.stats;
  }

  get queue(): FrameQueue {
    return this.#writer.queue;
  }

  add(frame: Frame, onWritten?: () => void): boolean {
    return this.#writer.add(frame, onWritten);
  }

  follow(frame: FrameName): void {
    this.#writer.follow(frame);
  }

  noteLoss(lost: LostFrames): void {
    this.#writer.noteLoss(lost);
  }

  noteSource(losses: readonly SourceLoss[]): void {
    this.#writer.noteSource(losses);
  }

  close(reason?: string): Promise<RecordingSummary> {
    void this.#writer.close(reason).catch(() => {}); // `ended` tells
    return this.ended;
  }

  async #convert(): Promise<RecordingSummary> {
    const mkv = await this.#writer.opened;
    const { keepStart, keepMkv = false, exportSignal, log = silentLog } = this.#options;
    try {
      await this.#writer.begun;
      const made = await exportRecording(mkv, {
        format: this.#format,
        keepStart,
        replace: !keepMkv,
        isNoted: true,
        signal: exportSignal,
        room: this.#options.room,
        until: this.#writer.ended,
        onProgress: (fraction) => {
          this.conversion.fraction = fraction;
        },
      });
      this.conversion.path = made.path;
    } catch (error) {
      this.conversion.path = mkv;
      const { written } = await this.#writer.ended;
      if (isTakenBack(error)) log.info(messageOf(error));
      else if (isStopped(error))
        log.info(`${mkv} will be converted to ${this.#format} when its folder is opened again.`);
      else if (written > 0 && !exportSignal?.aborted) log.error(messageOf(error));
    }
    this.conversion.fraction = 1;
    return this.#writer.ended;
  }
}
