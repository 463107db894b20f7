import type { ReactiveController, ReactiveElement } from "lit";

/**
 * Keeps the keyboard where it was when its button gives way to another: of what has the same `data-place` the first takes it over.
 * Without it the keyboard is at the beginning of the page then.
 */
export class KeptKeyboard implements ReactiveController {
  readonly #host: ReactiveElement;
  #held: Element | null | undefined;

  constructor(host: ReactiveElement) {
    this.#host = host;
    host.addController(this);
  }

  hostUpdate(): void {
    this.#held = this.#host.shadowRoot?.activeElement;
  }

  hostUpdated(): void {
    const place = this.#held?.getAttribute("data-place");
    if (!place || this.#held?.isConnected) return;
    this.#host.shadowRoot?.querySelector<HTMLElement>(`[data-place="${place}"]`)?.focus();
  }
}
