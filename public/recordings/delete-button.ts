import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";

const ASKING_MS = 6000;

/** Deletes at the second click, and fires `delete` then. The first one asks; it is forgotten after 6 s, or when another thing is done. */
@customElement("delete-button")
export class DeleteButton extends LitElement {
  static override styles = [
    shared,
    css`
      .danger,
      .danger:hover:enabled {
        border-color: var(--lost);
        background: var(--lost);
        color: var(--panel);
      }
    `,
  ];

  /** What the second click says: "Delete 3 recordings". */
  @property() accessor question = "Delete for good?";
  @property({ type: Boolean }) accessor disabled = false;
  /** Whether what was asked for is under way. */
  @property({ type: Boolean }) accessor busy = false;
  @state() accessor isAsking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#forget();
  }

  override render() {
    return html`<button
      class=${this.isAsking ? "danger" : ""} ?disabled=${this.disabled} aria-live="polite"
      aria-disabled=${this.busy || nothing} @click=${this.#click} @blur=${this.#forget} @keydown=${this.#key}
    >${this.#words}</button>`;
  }

  get #words(): string {
    if (this.busy) return "Deleting";
    return this.isAsking ? this.question : "Delete";
  }

  readonly #click = (event: Event) => {
    event.stopPropagation();
    if (this.busy) return;
    const isSure = this.isAsking;
    this.#forget();
    if (isSure) this.dispatchEvent(new Event("delete"));
    else {
      this.isAsking = true;
      this.#timer = setTimeout(this.#forget, ASKING_MS);
    }
  };

  /** Escape takes the question back, and nothing else. */
  readonly #key = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !this.isAsking) return;
    event.preventDefault();
    this.#forget();
  };

  readonly #forget = () => {
    clearTimeout(this.#timer);
    this.isAsking = false;
  };
}
