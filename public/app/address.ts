/** What the page shows, as it stands in its address: it can be bookmarked, sent to a colleague, and left by the Back button. */
export class Address extends EventTarget {
  constructor() {
    super();
    addEventListener("popstate", () => this.#changed());
  }

  /** E.g. `view` of `?view=wall`. */
  get(name: string): string | undefined {
    return new URLSearchParams(location.search).get(name) ?? undefined;
  }

  /** Sets what is given, and removes what is undefined. */
  go(changes: Readonly<Record<string, string | undefined>>): void {
    history.pushState(null, "", this.hrefOf(changes));
    this.#changed();
  }

  /** The address of this page with other values, for links. */
  hrefOf(changes: Readonly<Record<string, string | undefined>>): string {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) query.delete(name);
      else query.set(name, value);
    }
    const text = query.toString().replaceAll("%2F", "/");
    return text === "" ? location.pathname : `?${text}`;
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

export const address = new Address();
