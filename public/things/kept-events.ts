/** An event that has happened. */
export interface Happened {
  readonly name: string;
  readonly data: unknown;
  /** Why there is no data though there should be. */
  readonly problem?: string;
  /** Epoch ms, when this page heard of it. */
  readonly at: number;
}

/** Of each name: frames, thirty times a second, do not drive out what happens once a day. */
const MOST_EVENTS = 100;
/** Nobody reads faster: events that come 200 times a second are told of five times, ms. */
const TELL_MS = 200;

/** The newest events of a Thing. */
export class KeptEvents {
  /** Newest last. */
  readonly list: Happened[] = [];
  readonly #counts = new Map<string, number>();
  readonly #tell: () => void;
  #toldAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param tell - Called when there are others: at once, and where they come quickly, now and then. */
  constructor(tell: () => void) {
    this.#tell = tell;
  }

  add(event: Happened): void {
    const { name } = event;
    this.list.push(event);
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, Math.min(count, MOST_EVENTS));
    if (count > MOST_EVENTS)
      this.list.splice(
        this.list.findIndex((one) => one.name === name),
        1,
      );
    this.#tellSoon();
  }

  /** Only those with these names stay. */
  forgetOthers(names: ReadonlyMap<string, unknown>): void {
    const left = this.list.filter(({ name }) => names.has(name));
    this.list.splice(0, this.list.length, ...left);
    for (const name of this.#counts.keys()) if (!names.has(name)) this.#counts.delete(name);
  }

  #tellSoon(): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#toldAt = performance.now();
        this.#tell();
      },
      Math.max(0, this.#toldAt + TELL_MS - performance.now()),
    );
  }
}
