import { css, html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { FieldElement } from "./field-element.ts";

/** On or off. */
@customElement("switch-field")
export class SwitchField extends FieldElement {
  static override styles = [
    shared,
    css`
      :host {
        display: inline-flex;
      }
      button {
        position: relative;
        width: 38px;
        min-height: 22px;
        padding: 0;
        border-radius: 11px;
        background: var(--raised);
      }
      button::after {
        content: "";
        position: absolute;
        top: 3px;
        left: 3px;
        width: 14px;
        height: 14px;
        border-radius: 50%;
        background: var(--quiet);
        transition: transform 0.12s;
      }
      button[aria-checked="true"] {
        border-color: var(--accent);
        background: var(--accent);
      }
      button[aria-checked="true"]::after {
        background: var(--on-accent);
        transform: translateX(16px);
      }
      button:disabled {
        opacity: 0.55;
      }
      @media (pointer: coarse) {
        button {
          min-height: 22px;
          margin: 11px 3px;
        }
        button::before {
          content: "";
          position: absolute;
          inset: -12px -4px;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        button::after {
          transition: none;
        }
      }
    `,
  ];

  override render() {
    const isOn = (this.value ?? this.schema.default) === true;
    return html`<button
      type="button"
      role="switch"
      aria-checked=${isOn}
      aria-label=${this.label || nothing}
      ?disabled=${this.disabled}
      @click=${() => this.put(!isOn)}
    ></button>`;
  }
}
