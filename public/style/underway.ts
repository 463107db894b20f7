/** What can be rendered again. */
interface Host {
  requestUpdate(): void;
}

/** Who has waited for so long, ms, is told that there is no answer. */
const LATE_MS = 20_000;

/**
 * What an element has asked for and has no answer to yet, by name. A button for it has `aria-disabled` meanwhile: unlike one that is
 * `disabled` it keeps the keyboard, and a second press asks for nothing.
 */
export class Underway {
  readonly #host: Host;
  readonly #names = new Set<string>();
  readonly #late = new Set<string>();

  constructor(host: Host) {
    this.#host = host;
  }

  has(name = ""): boolean {
    return this.#names.has(name);
  }

  /** What is to be said of one that has no answer for long; else nothing. */
  lateWords(name = ""): string {
    if (!this.#late.has(name)) return "";
    return `No answer for ${LATE_MS / 1000} s. It is asked for once, and given up when the server stays silent.`;
  }

  /** Does it, unless it is under way. @throws what `deed` throws. */
  async run(deed: () => Promise<void>, name = ""): Promise<void> {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.#host.requestUpdate();
    const timer = setTimeout(() => {
      this.#late.add(name);
      this.#host.requestUpdate();
    }, LATE_MS);
    try {
      await deed();
    } finally {
      clearTimeout(timer);
      this.#late.delete(name);
      this.#names.delete(name);
      this.#host.requestUpdate();
    }
  }
}
