import { css, html, LitElement } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";

/** An address to be taken elsewhere, with a button that copies it. */
@customElement("copy-field")
export class CopyField extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        gap: 8px;
      }
      input {
        flex: 1;
        font-family: var(--mono);
        font-size: 12px;
        text-overflow: ellipsis;
      }
    `,
  ];
  /** What it is, for screen readers. */
  @property() accessor name = "";
  @property() accessor value = "";
  @state() accessor said = "Copy";
  @query("input") accessor input!: HTMLInputElement;

  override render() {
    return html`
      <input readonly aria-label=${this.name} .value=${this.value} @focus=${() => this.input.select()} />
      <button aria-label="${this.said} ${this.name}" @click=${this.#copy}>${this.said}</button>
    `;
  }

  /** Pages that are not served over HTTPS have no clipboard, off loopback: there the text is selected instead. */
  readonly #copy = async (): Promise<void> => {
    const copied = await navigator.clipboard?.writeText(this.value).then(
      () => true,
      () => false,
    );
    if (!copied) this.input.select();
    this.said = copied ? "Copied" : "Selected";
    setTimeout(() => {
      this.said = "Copy";
    }, 2000);
  };
}
