import { now, steadyTime } from "../base/clock.ts";
import { RecentPeriod } from "../base/recent-period.ts";
import type { EndpointClient } from "../core/endpoint.ts";
import type { SourceLoss } from "../frames/frame.ts";
import { readSentPicture } from "../frames/sent-picture.ts";
import { SenderClock } from "./sender-clock.ts";

/** How a program sends its pictures: a request for each, or one body or WebSocket for all. */
export type PushKind = "picture" | "body" | "websocket";

/** For how long one that has sent nothing keeps its place, ms, and its periods. */
const LEASE_MS = 2000;
const LEASE_PERIODS = 3;
/** The longest time that is believed of a header `Age`, s. */
const LONGEST_AGE_S = 3600;
const SKIPPED = "the program that sends them left them out";

/** A program that sends pictures to a camera: who it is, and what its pictures say of themselves. */
export class Pusher {
  readonly kind: PushKind;
  readonly client: EndpointClient;
  /** Of its numbers; empty when it gives none. */
  readonly run: string;
  readonly since = now();
  /** Requests and WebSockets that are open. */
  open = 0;
  /** Whether another one has taken its place, or it was ended. */
  isOver = false;
  /** Whether a picture of it has come. */
  hasSent = false;
  #lastAt = now();
  readonly #period = new RecentPeriod();
  #index: number | undefined;
  readonly #clock = new SenderClock();
  readonly #end = new AbortController();

  constructor(kind: PushKind, client: EndpointClient, run: string) {
    this.kind = kind;
    this.client = client;
    this.run = run;
  }

  /** Aborts when its place is taken, with the reason. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** Whether it sends: another one has to wait. */
  get isSending(): boolean {
    return now() - this.#lastAt < Math.max(LEASE_MS, LEASE_PERIODS * this.#period.ms);
  }

  get isPresent(): boolean {
    return !this.isOver && (this.open > 0 || this.isSending);
  }

  /** In the middle of a sentence. */
  get called(): string {
    const { name, address } = this.client;
    return name === undefined ? `a program at ${address}` : `'${name}' at ${address}`;
  }

  isSame(kind: PushKind, { name, address }: EndpointClient, run: string): boolean {
    const isOne = this.kind === "picture" && kind === "picture" && !this.isOver;
    return (
      isOne && this.run === run && this.client.name === name && this.client.address === address
    );
  }

  /** A picture of it has come. */
  note(): void {
    const at = now();
    if (this.hasSent) this.#period.note(at - this.#lastAt);
    this.#lastAt = at;
    this.hasSent = true;
  }

  end(reason: Error): void {
    this.isOver = true;
    this.#end.abort(reason);
  }

  /** When a picture was captured, and what is missing before it, by the headers that came with it. */
  about(headers: ReadonlyMap<string, string>): { capturedAt: number; missing?: SourceLoss } {
    const { capturedAt: stamp } = readSentPicture(headers);
    const age = Number(headers.get("age") ?? Number.NaN);
    const arrived = now();
    const isAge = age >= 0 && age <= LONGEST_AGE_S;
    const sent = stamp === undefined ? arrived : this.#clock.captured(steadyTime(stamp), arrived);
    const missing = this.#missingBefore(headers.get("x-frame-index") ?? "");
    const capturedAt = isAge ? arrived - age * 1000 : sent;
    return { capturedAt, ...(missing > 0 && { missing: lost(missing) }) };
  }

  #missingBefore(text: string): number {
    if (!/^\d{1,15}$/.test(text)) return 0;
    const before = this.#index;
    this.#index = Number(text);
    return before === undefined ? 0 : Math.max(0, this.#index - before - 1);
  }
}

function lost(count: number): SourceLoss {
  return { what: "lost", count, why: SKIPPED };
}
