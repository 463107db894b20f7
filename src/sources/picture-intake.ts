import { sameBytes } from "../base/bytes.ts";
import type { FrameSink } from "../frames/frame-source.ts";
import { LostSums } from "../frames/lost-sum.ts";
import { readSentPicture, type SentPicture } from "../frames/sent-picture.ts";
import type { Part } from "../frames/wire/multipart.ts";

const SKIPPED = "the other server skipped it: the connection was too slow";

/** What a source does with what its server sends, apart from frames. */
interface IntakeOptions {
  /** The address that frames name as their origin. */
  readonly address: string;
  /** Whether the server was asked for fewer frames than there are. */
  readonly isThinned: boolean;
  readonly onPlaceholder: (reason: string) => void;
  /** A picture was the same as the one before. */
  readonly onUnchanged: () => void;
  /** The server may tell what its pictures have passed. */
  readonly onHeartbeat: (headers: ReadonlyMap<string, string>) => void;
  /** Something has come; `isHeartbeat`: no picture. */
  readonly onSign: (isHeartbeat: boolean) => void;
}

/** Passes pictures of one run of a source to its sink, with the identity that their server gave them. */
export class PictureIntake {
  /** Pictures that were passed on. */
  pictures = 0;
  /** Whether one picture is asked for again and again: the same one is no new frame. */
  isPolling = false;
  /** What a time of the sender's becomes one of `now()` by, ms; undefined: frames have the time of their arrival. */
  clock: number | undefined;
  readonly #sink: FrameSink;
  readonly #options: IntakeOptions;
  readonly #sums = new LostSums();
  #before: SentPicture | undefined;
  /** The identity that counted on last. */
  #newest: SentPicture["identity"];
  #last: Uint8Array | undefined;

  constructor(sink: FrameSink, options: IntakeOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  /** @param answer - The headers of a response that is one picture. */
  take({ headers, body }: Part, answer?: ReadonlyMap<string, string>): void {
    const sent = this.#identified(readSentPicture(answer ?? headers));
    this.#options.onSign(sent.isHeartbeat);
    if (sent.isHeartbeat) this.#options.onHeartbeat(headers);
    if (sent.isHeartbeat || body.length === 0) return;
    if (sent.placeholder !== undefined) {
      this.#options.onPlaceholder(sent.placeholder);
      return;
    }
    const isSame = isAgain(sent, this.#before) || (this.isPolling && this.#isSame(body));
    if (isSame) {
      this.stayed();
      return;
    }
    this.pictures += 1;
    this.#give(body, sent);
    this.#before = sent;
    this.#newest = sent.identity ?? this.#newest;
  }

  /** An index that goes back in its run names no frame: taken for one, it would be lost and found for ever. */
  #identified(sent: SentPicture): SentPicture {
    const { identity } = sent;
    const newest = this.#newest;
    if (!identity || identity.run !== newest?.run || isAgain(sent, this.#before)) return sent;
    return identity.index > newest.index ? sent : { ...sent, identity: undefined };
  }

  /** The server has nothing newer than the last picture. */
  stayed(): void {
    this.#options.onUnchanged();
    this.#options.onSign(false);
    this.#sink.alive?.();
  }

  #isSame(body: Uint8Array): boolean {
    if (this.#last && sameBytes(this.#last, body)) return true;
    this.#last = new Uint8Array(body); // the sink may write into its own
    return false;
  }

  #give(jpeg: Uint8Array, sent: SentPicture): void {
    const { identity, capturedAt } = sent;
    if (!identity || capturedAt === undefined) {
      this.#sink.take({ jpeg, sent });
      return;
    }
    const { address: stream, isThinned } = this.#options;
    const before = this.#newest;
    const skipped = before?.run === identity.run ? identity.index - before.index - 1 : 0;
    if (skipped > 0 && !isThinned && !this.isPolling)
      this.#sink.lost({ what: "lost", count: skipped, why: SKIPPED });
    const lossesBefore = this.#sums.next({ run: identity.run, lostSum: sent.lostSum });
    const origin = sent.origin ?? { stream, ...identity, capturedAt };
    this.#sink.take({
      ...{ jpeg, sent, origin, ...(lossesBefore && { lossesBefore }) },
      ...(this.clock !== undefined && { capturedAt: capturedAt + this.clock }),
    });
  }
}

/** Whether it is the frame that came before: a server shows it again when what it showed meanwhile does not hold any more. */
function isAgain({ identity }: SentPicture, before: SentPicture | undefined): boolean {
  if (!identity) return false;
  return identity.run === before?.identity?.run && identity.index === before.identity.index;
}
