import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { panelFor } from "../instruments/panels.ts";
import { shared } from "../style/shared.ts";
import type { LiveThing } from "../things/live-thing.ts";
import { server, Watching } from "../things/server.ts";
import { titleOf } from "../things/td.ts";
import { isOpen, keepOpen } from "./fold.ts";
import "./thing-lamp.ts";

/** What is used most stands first, and is open at first; of others only the title. */
const ORDER = [
  "Stage",
  "Autofocus",
  "CameraStageMapping",
  "Recorder",
  "RecorderGroup",
  "Scan",
  "Camera",
];
const OPEN_AT_FIRST = 4;

/** The instruments of the bench: a card for each Thing, which folds to its title and lamp. */
@customElement("instrument-cards")
export class InstrumentCards extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        align-content: start;
        gap: 8px;
      }
      section {
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--panel);
        min-width: 0;
      }
      h2 {
        display: flex;
        align-items: center;
      }
      h2 button {
        flex: 1;
        justify-content: flex-start;
        min-height: 38px;
        min-width: 0;
        padding: 0 12px;
        border: 0;
        border-radius: var(--radius);
        background: none;
        font-weight: 600;
      }
      h2 button::before {
        content: "";
        width: 6px;
        height: 6px;
        border: solid var(--quiet);
        border-width: 0 1.5px 1.5px 0;
        transform: rotate(-45deg);
      }
      h2 button[aria-expanded="true"]::before {
        transform: rotate(45deg);
      }
      .title {
        overflow: hidden;
        text-overflow: ellipsis;
      }
      thing-lamp {
        margin-left: auto;
        padding-right: 12px;
        font-weight: 400;
        font-size: 12px;
      }
      .reason {
        display: flex;
        padding: 0 12px 12px;
      }
      .body > * {
        display: grid;
        border: 0;
        background: none;
      }
      .body > *::part(trouble) {
        display: none; /* the lamp above says it */
      }
      @media (pointer: coarse) {
        h2 button {
          min-height: 44px;
        }
      }
    `,
  ];

  /** Name of the Thing whose picture is shown: other cameras have no card. */
  @property() accessor camera = "";
  readonly watching = new Watching(this, server);

  override render() {
    return repeat(
      this.#things(),
      ([name]) => name,
      ([name, thing]) => this.#card(name, thing),
    );
  }

  #things(): (readonly [string, LiveThing])[] {
    const cameras = new Set(server.cameras.map(({ thing }) => thing));
    return [...server.things]
      .filter(([name]) => name === this.camera || !cameras.has(name))
      .sort(([, a], [, b]) => rankOf(a) - rankOf(b));
  }

  #card(name: string, thing: LiveThing) {
    const open = isOpen(name, rankOf(thing) < OPEN_AT_FIRST);
    const { state } = server.lampOf(name);
    const hasReason = state === "degraded" || (state === "failed" && server.problem === undefined);
    const toggle = () => {
      keepOpen(name, !open);
      this.requestUpdate();
    };
    return html`
      <section aria-label=${titleOf(name, thing.td)}>
        <h2>
          <button aria-expanded=${open} @click=${toggle}>
            <span class="title">${titleOf(name, thing.td)}</span>
          </button>
          <thing-lamp .name=${name}></thing-lamp>
        </h2>
        ${hasReason ? html`<thing-lamp class="reason" full .name=${name}></thing-lamp>` : nothing}
        ${open ? html`<div class="body">${panelFor(thing)}</div>` : nothing}
      </section>
    `;
  }
}

function rankOf(thing: LiveThing): number {
  const rank = ORDER.findIndex((type) => thing.is(type));
  return rank < 0 ? ORDER.length : rank;
}
