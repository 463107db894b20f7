/** What can be rendered again. */
interface Host {
  requestUpdate(): void;
}

/**
 * What an element has asked for and has no answer to yet, by name. A button for it has `aria-disabled` meanwhile: unlike one that is
 * `disabled` it keeps the keyboard, and a second press asks for nothing.
 */
export class Underway {
  readonly #host: Host;
  readonly #names = new Set<string>();

  constructor(host: Host) {
    this.#host = host;
  }

  has(name = ""): boolean {
    return this.#names.has(name);
  }

  /** Does it, unless it is under way. @throws what `deed` throws. */
  async run(deed: () => Promise<void>, name = ""): Promise<void> {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.#host.requestUpdate();
    try {
      await deed();
    } finally {
      this.#names.delete(name);
      this.#host.requestUpdate();
    }
  }
}
