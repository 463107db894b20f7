import { DiskLane } from "../../../base/disk-lane.ts";
import { reasonOf, ThingError } from "../../../base/errors.ts";
import { countedLimit } from "../../../base/limit-hits.ts";
import type { Frame } from "../../../frames/frame.ts";
import type { RecordingsFolder } from "../../../recording/folder/recordings-folder.ts";
import { RecordedFrames } from "../../../recording/read/recorded-frame.ts";
import type { MJPEGStream } from "../../../streams/mjpeg-stream.ts";
import { type Ticket, ticketId } from "../../../work/ticket.ts";

/** Times of recordings follow the clock as it was when they began, ms. */
const CLOCKS_DIFFER_MS = 60_000;

const heldLimit = countedLimit("work_held_frames");

/** The pictures of open tickets: held in memory while there is room, then in the stream's ring, then in a recording. */
export class WantedFrames {
  readonly #stream: () => MJPEGStream;
  readonly #folder: RecordingsFolder;
  readonly #mostBytes: number;
  readonly #held = new Map<string, Frame>();
  readonly #recorded = new RecordedFrames();
  /** One ledger is read at a time. */
  readonly #looks = new DiskLane();
  #bytes = 0;

  /** @param mostBytes - Of pictures that are held. */
  constructor(stream: () => MJPEGStream, folder: RecordingsFolder, mostBytes: number) {
    this.#stream = stream;
    this.#folder = folder;
    this.#mostBytes = mostBytes;
  }

  hold(frame: Frame): void {
    this.#held.set(ticketId(frame), frame);
    this.#bytes += frame.jpeg.length;
    for (const [id] of this.#held) {
      if (this.#bytes <= this.#mostBytes) break;
      heldLimit.hit();
      this.release(id);
    }
  }

  release(id: string): void {
    this.#bytes -= this.#held.get(id)?.jpeg.length ?? 0;
    this.#held.delete(id);
  }

  /** @throws {ThingError} `FRAME_NOT_HELD` when it is nowhere; `NOT_READY` while the disk hangs. */
  async find(ticket: Ticket): Promise<Uint8Array> {
    const held = this.#held.get(ticketId(ticket)) ?? this.#inRing(ticket);
    if (held) return held.jpeg;
    const found = await this.#looks.read(() => this.#inRecordings(ticket));
    if (typeof found !== "string") return found;
    throw new ThingError(
      "FRAME_NOT_HELD",
      `Frame ${ticket.index} of run ${ticket.run} is no longer held in memory, and no recording in ${this.#folder.folder} has it${found}. Give the queue more memory (hold_mb) or more workers, or record the camera.`,
    );
  }

  #inRing({ run, index }: Ticket): Frame | undefined {
    const stream = this.#stream();
    const isHeld = stream.run === run && stream.heldIdentities.some((one) => one.index === index);
    return isHeld ? stream.heldFrame(index) : undefined;
  }

  /** The frame; or in brackets which recording cannot be searched: it is not in the way of the others. */
  async #inRecordings(ticket: Ticket): Promise<Uint8Array | string> {
    let fault = "";
    for (const { path, isGrowing } of this.#candidates(ticket)) {
      const jpeg = await this.#recorded.find(path, ticket).catch((error) => {
        // One that grows may have been removed, or is only beginning.
        if (!isGrowing) fault = ` (${path} cannot be searched: ${reasonOf(error)})`;
        return undefined;
      });
      if (jpeg) return jpeg;
    }
    return fault;
  }

  #candidates({ capturedAt }: Ticket) {
    return this.#folder.files.list.filter((file) => {
      if (!/\.mkv$/i.test(file.name)) return false;
      const { first, last } = file.linked("") as { first?: number; last?: number };
      const begins = (first ?? 0) - CLOCKS_DIFFER_MS;
      const ends = (last ?? Number.POSITIVE_INFINITY) + CLOCKS_DIFFER_MS;
      return begins <= capturedAt && capturedAt <= ends;
    });
  }
}
