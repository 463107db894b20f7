import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property } from "lit/decorators.js";
import "../affordances/action-form.ts";
import "../affordances/event-list.ts";
import "../affordances/property-control.ts";
import { shared } from "../style/shared.ts";
import { Following, type LiveThing, thingAt } from "../things/live-thing.ts";
import { affordancesOf } from "../things/td.ts";

/** A Thing with all that its description has, whoever wrote it. */
@customElement("thing-view")
export class ThingView extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 8px;
        padding: 12px;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--panel);
      }
    `,
  ];

  /** URL of a Thing Description. */
  @property() accessor src = "";
  @property({ attribute: false }) accessor thing: LiveThing | undefined;
  readonly #following = new Following(this);

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("src") && this.src) this.thing = thingAt(this.src);
    this.#following.thing = this.thing;
  }

  override render() {
    const { thing } = this;
    if (!thing) return html``;
    const { properties, actions } = affordancesOf(thing.td);
    return html`
      <h2>${String(thing.td.title ?? "")}</h2>
      <p class="problem">${thing.problem}</p>
      ${[...properties.keys()].map(
        (name) => html`<property-control .thing=${thing} .name=${name}></property-control>`,
      )}
      ${[...actions.keys()].map(
        (name) => html`<action-form .thing=${thing} .name=${name}></action-form>`,
      )}
      <event-list .thing=${thing}></event-list>
    `;
  }
}
