import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { shared } from "../style/shared.ts";
import { isSame } from "../things/same-value.ts";
import { FieldElement } from "./field-element.ts";
import { labelOf, type Option, optionsOf } from "./field-kinds.ts";
import { fieldStyle } from "./field-style.ts";

/** So few and so short names stand side by side. */
const MOST_BUTTONS = 3;
const MOST_CHARACTERS = 24;

/** One of several values. */
@customElement("menu-field")
export class MenuField extends FieldElement {
  static override styles = [
    shared,
    fieldStyle,
    css`
      .buttons {
        display: inline-flex;
        max-width: 100%;
        border: 1px solid var(--edge);
        border-radius: var(--radius);
        overflow: hidden;
      }
      .buttons button {
        min-height: 30px;
        border: 0;
        border-radius: 0;
        background: transparent;
        outline-offset: -3px;
      }
      .buttons button + button {
        border-left: 1px solid var(--edge);
      }
      .buttons button[aria-checked="true"] {
        background: var(--accent);
        color: var(--on-accent);
      }
      .buttons button:disabled[aria-checked="true"] {
        background: var(--edge);
        color: var(--text);
      }
      @media (pointer: coarse) {
        .buttons button {
          min-height: 44px;
        }
      }
    `,
  ];

  override render() {
    const options = optionsOf(this.schema, this.root) ?? [];
    const chosen = options.findIndex(({ value }) => isSame(value, this.value));
    const length = options.reduce((sum, { label }) => sum + label.length, 0);
    const areButtons = options.length <= MOST_BUTTONS && length <= MOST_CHARACTERS;
    return areButtons ? this.#buttons(options, chosen) : this.#menu(options, chosen);
  }

  #menu(options: readonly Option[], chosen: number) {
    const choose = (event: Event) => {
      event.stopPropagation();
      const option = options[Number((event.target as HTMLSelectElement).value)];
      if (option) this.put(option.value);
    };
    return html`<select
      aria-label=${this.label || nothing}
      title=${options[chosen]?.description ?? nothing}
      .value=${live(String(chosen))}
      ?disabled=${this.disabled}
      @input=${(event: Event) => event.stopPropagation()}
      @change=${choose}
    >
      ${chosen < 0 ? html`<option value="-1" disabled selected>${this.#unlisted()}</option>` : ""}
      ${options.map(
        ({ label }, n) => html`<option value=${n} ?selected=${n === chosen}>${label}</option>`,
      )}
    </select>`;
  }

  #unlisted(): string {
    if (this.value !== undefined) return `${labelOf(this.value)} (not in the list)`;
    const { default: usual } = this.schema;
    if (usual === undefined) return "Choose…";
    const option = optionsOf(this.schema, this.root)?.find(({ value }) => isSame(value, usual));
    return `${option?.label ?? labelOf(usual)} (default)`;
  }

  #buttons(options: readonly Option[], chosen: number) {
    const step = (event: KeyboardEvent, n: number) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      const to = (n + by + options.length) % options.length;
      this.put(options[to]?.value);
      this.renderRoot.querySelectorAll("button")[to]?.focus();
    };
    return html`<div class="buttons" role="radiogroup" aria-label=${this.label || nothing}>
      ${options.map(
        ({ value, label, description }, n) => html`<button
          type="button"
          role="radio"
          aria-checked=${n === chosen}
          tabindex=${n === Math.max(0, chosen) ? 0 : -1}
          title=${description ?? nothing}
          ?disabled=${this.disabled}
          @click=${() => this.put(value)}
          @keydown=${(event: KeyboardEvent) => step(event, n)}
        >
          ${label}
        </button>`,
      )}
    </div>`;
  }
}
