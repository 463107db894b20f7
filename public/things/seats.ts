/** Of the six connections of a browser to a server, the others are for pictures, values and actions. */
const MOST = 3;
/** Pages that have a seat answer within this, ms. */
const ANSWER_MS = 250;

/** What a page says to the others of its origin in this browser: that it wants a seat, wants it before another one, has it, or has left it. */
interface Said {
  readonly wants?: number;
  readonly isBefore?: number;
  readonly has?: number;
  readonly left?: number;
}

/**
 * So many pages of a browser may do something at a time. Those who ask at once are served in the order of their numbers; where
 * a busy page answered too late, and one too many has a seat, that one gives it up when it hears of the others.
 */
export class Seats {
  readonly #name: string;
  /** Open while a seat is wanted or taken. */
  #channel: BroadcastChannel | undefined;
  readonly #own = Math.random();
  readonly #onSurplus: () => void;
  /** Others that have a seat. */
  readonly #holders = new Set<number>();
  /** Others that want one, too, and are served before. */
  readonly #before = new Set<number>();
  /** Counts what was asked and left: an answer may come too late. */
  #turn = 0;
  #wants = false;
  #has = false;

  /**
   * @param name - Of what is shared.
   * @param onSurplus - Called when this page has given its seat up.
   */
  constructor(name: string, onSurplus: () => void) {
    this.#name = name;
    this.#onSurplus = onSurplus;
  }

  /** @returns What there was when the others had answered; "left" when `leave` or `take` was called meanwhile. */
  async take(): Promise<"free" | "full" | "left"> {
    const turn = ++this.#turn;
    this.#channel ??= this.#opened();
    this.#holders.clear();
    this.#before.clear();
    this.#wants = true;
    this.#say({ wants: this.#own });
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    if (turn !== this.#turn) return "left";
    this.#wants = false;
    this.#has = new Set([...this.#holders, ...this.#before]).size < MOST;
    if (this.#has) this.#say({ has: this.#own });
    return this.#has ? "free" : "full";
  }

  leave(): void {
    if (this.#has) this.#say({ left: this.#own });
    this.#turn += 1;
    this.#wants = false;
    this.#has = false;
    this.#channel?.close();
    this.#channel = undefined;
  }

  #opened(): BroadcastChannel {
    const channel = new BroadcastChannel(this.#name);
    channel.addEventListener("message", ({ data }: MessageEvent<Said>) => {
      if (data.left !== undefined) this.#holders.delete(data.left);
      if (data.isBefore !== undefined && data.isBefore < this.#own) this.#before.add(data.isBefore); // said to somebody, heard by all
      if (data.wants !== undefined) this.#answer(data.wants);
      if (data.has !== undefined) this.#hear(data.has);
    });
    return channel;
  }

  #hear(other: number): void {
    this.#holders.add(other);
    const first = [...this.#holders].filter((number) => number < this.#own);
    if (!this.#has || first.length < MOST) return;
    this.leave();
    this.#onSurplus();
  }

  #answer(other: number): void {
    if (this.#has) this.#say({ has: this.#own });
    else if (this.#wants && this.#own < other) this.#say({ isBefore: this.#own });
  }

  #say(said: Said): void {
    this.#channel?.postMessage(said);
  }
}
