/** Sentences that are told; a fault that has more kinds is counted. */
const MOST_TOLD = 20;

/** Tells each of a few things once, however often it happens. */
export class ToldOnce {
  readonly #told = new Set<string>();
  readonly #tell: (sentence: string) => void;

  constructor(tell: (sentence: string) => void) {
    this.#tell = tell;
  }

  /** @param what - Of one thing only the first sentence is told. */
  note(what: string, sentence: string): void {
    if (this.#told.has(what) || this.#told.size >= MOST_TOLD) return;
    this.#told.add(what);
    this.#tell(sentence);
  }
}
