import { now } from "../../base/clock.ts";

const KEPT = 64;

interface Entry {
  readonly method: string;
  readonly url: string;
  readonly at: number;
}

/** The last requests by name and time, to find who was served when something went wrong. */
export class RecentRequests {
  readonly #entries: Entry[] = [];
  #noted = 0;

  note(method: string, url: string): void {
    this.#entries[this.#noted++ % KEPT] = { method, url, at: now() };
  }

  /** Those that began between two times, each name once. A query is left out: it may hold secrets. */
  between(from: number, to: number): string[] {
    const found = this.#entries.filter(({ at }) => at >= from && at <= to);
    const names = found.sort((a, b) => a.at - b.at).map(nameOf);
    return [...new Set(names)];
  }
}

function nameOf({ method, url }: Entry): string {
  return `${method} ${url.split("?")[0]!.slice(0, 100)}`;
}
