import { Seats } from "./seats.ts";

interface DirectoryListener {
  /** Things came or went. */
  onThings(): void;
  /** Of this Thing, by the `id` of its description, the description or the state is another. */
  onDescription(id: string): void;
  /** The connection was lost: what happened since then was not told. */
  onLost(): void;
}

const TOGETHER_MS = 150;
/** How long a page that does not listen waits until it looks again, ms. */
const LOOK_MS = 10_000;

/**
 * The directory of the server as it tells of changes: one connection for the page, of the six that browsers open to a server for
 * all its pages together, and none while the page is hidden. When enough pages listen, another one looks now and then.
 */
export class Directory {
  readonly #listener: DirectoryListener;
  readonly #seats = new Seats("thingscope-directory", () => {
    this.close();
    this.#lookLater();
  });
  #events: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: DirectoryListener) {
    this.#listener = listener;
  }

  /** Begins to listen; nothing when it does so already. */
  open(): void {
    clearTimeout(this.#looking);
    if (!this.#events) void this.#take();
  }

  close(): void {
    clearTimeout(this.#looking);
    this.#seats.leave();
    this.#events?.close();
    this.#events = undefined;
  }

  async #take(): Promise<void> {
    const answer = await this.#seats.take();
    if (answer === "free") this.#listen();
    else if (answer === "full") this.#lookLater();
  }

  #lookLater(): void {
    this.#looking = setTimeout(() => this.#listener.onLost(), LOOK_MS);
  }

  #listen(): void {
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

  /** Many Things come at once when a server is reloaded. */
  #thingsSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#listener.onThings(), TOGETHER_MS);
  }
}
