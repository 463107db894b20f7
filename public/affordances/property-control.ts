import { css, html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { Following, type LiveThing } from "../things/live-thing.ts";
import { affordancesOf, titleOf } from "../things/td.ts";

/** One property: its value as it changes, and, unless it is read-only, a control that sets it. */
@customElement("property-control")
export class PropertyControl extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        justify-content: space-between;
        gap: 12px;
      }
      output {
        max-width: 60%;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
    `,
  ];

  @property({ attribute: false }) accessor thing!: LiveThing;
  @property() accessor name = "";
  readonly #following = new Following(this);

  override willUpdate(): void {
    this.#following.thing = this.thing;
  }

  override render() {
    const schema = affordancesOf(this.thing.td).properties.get(this.name) ?? {};
    const { value, problem } = this.thing.values.get(this.name) ?? {};
    return html`
      <span>${titleOf(this.name, schema)}</span>
      <output>${problem ?? JSON.stringify(value)} ${schema.unit}</output>
    `;
  }
}
