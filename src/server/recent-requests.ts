import { now } from "../base/clock.ts";

const KEPT = 64;

/** The last requests by name and time, to find who was served when something went wrong. */
export class RecentRequests {
  readonly #entries: { readonly name: string; readonly at: number }[] = [];

  /** @param url - Its query is left out: it may hold secrets. */
  note(method: string, url: string): void {
    this.#entries.push({ name: `${method} ${url.split("?")[0]!.slice(0, 100)}`, at: now() });
    if (this.#entries.length > KEPT) this.#entries.shift();
  }

  /** Those that began between two times, each name once. */
  between(from: number, to: number): string[] {
    const found = this.#entries.filter(({ at }) => at >= from && at <= to);
    return [...new Set(found.map(({ name }) => name))];
  }
}
