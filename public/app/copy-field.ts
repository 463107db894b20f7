import { css, html, LitElement } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";

/** An address, or a text of some lines, to be taken elsewhere, with a button that copies it. */
@customElement("copy-field")
export class CopyField extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
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
      pre {
        flex: 1;
        min-width: 0;
        margin: 0;
        padding: 8px 12px;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--panel);
        font-family: var(--mono);
        font-size: 12px;
        overflow: auto;
      }
    `,
  ];
  /** What it is, for screen readers. */
  @property() accessor name = "";
  @property() accessor value = "";
  @state() accessor said = "Copy";
  /** Whether it is shown whole, as lines. */
  @property({ type: Boolean }) accessor lines = false;
  @query("input") accessor input!: HTMLInputElement | null;
  @query("pre") accessor text!: HTMLElement | null;

  override render() {
    return html`
      ${
        this.lines
          ? html`<pre tabindex="0">${this.value}</pre>`
          : html`<input readonly aria-label=${this.name} .value=${this.value} @focus=${this.#select} />`
      }
      <button aria-label="${this.said} ${this.name}" @click=${this.#copy}>${this.said}</button>
    `;
  }

  /** Pages that are not served over HTTPS have no clipboard, off loopback: there the text is selected instead. */
  readonly #copy = async (): Promise<void> => {
    const copied = await navigator.clipboard?.writeText(this.value).then(
      () => true,
      () => false,
    );
    if (!copied) this.#select();
    this.said = copied ? "Copied" : "Selected";
    setTimeout(() => {
      this.said = "Copy";
    }, 2000);
  };

  readonly #select = (): void => {
    this.input?.select();
    if (this.text) getSelection()?.selectAllChildren(this.text);
  };
}
