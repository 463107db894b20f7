interface DirectoryListener {
  /** Things came or went. */
  onThings(): void;
  /** Of this Thing, by the `id` of its description, the description or the state is another. */
  onDescription(id: string): void;
  /** The connection was lost: what happened since then was not told. */
  onLost(): void;
}

const TOGETHER_MS = 150;

/**
 * The directory of the server as it tells of changes: one connection for the page, of the six that browsers open to a server, and
 * none while the page is hidden.
 */
export class Directory {
  readonly #listener: DirectoryListener;
  #events: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: DirectoryListener) {
    this.#listener = listener;
  }

  /** Begins to listen; nothing when it does so already. */
  open(): void {
    if (this.#events) return;
    const events = new EventSource(new URL("directory/events", document.baseURI));
    this.#events = events;
    for (const type of ["thing_created", "thing_deleted"])
      events.addEventListener(type, () => this.#thingsSoon());
    events.addEventListener("thing_updated", ({ data }) => {
      this.#listener.onDescription(String(Object(JSON.parse(data)).id));
    });
    events.onerror = () => {
      this.close(); // it would wait 3 s, and for ever after an answer of a proxy
      this.#listener.onLost();
    };
  }

  close(): void {
    this.#events?.close();
    this.#events = undefined;
  }

  /** Many Things come at once when a server is reloaded. */
  #thingsSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#listener.onThings(), TOGETHER_MS);
  }
}
