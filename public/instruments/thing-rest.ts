import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import "../elements/thing-view.ts";
import { shared } from "../style/shared.ts";
import type { LiveThing } from "../things/live-thing.ts";

/** All that a Thing's description has, below its panel: made when it is opened. */
@customElement("thing-rest")
export class ThingRest extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        padding: 0 12px 10px;
      }
      summary {
        color: var(--quiet);
        font-size: 12px;
        cursor: pointer;
      }
      @media (pointer: coarse) {
        summary {
          padding: 12px 0;
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor thing!: LiveThing;
  @state() accessor isOpen = false;

  override render() {
    const toggled = (event: Event) => {
      this.isOpen = (event.target as HTMLDetailsElement).open;
    };
    return html`<details @toggle=${toggled}>
      <summary>All properties and actions</summary>
      ${this.isOpen ? html`<thing-view .thing=${this.thing}></thing-view>` : nothing}
    </details>`;
  }
}
