import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "../schema/schema-value.ts";
import { shared } from "../style/shared.ts";
import type { Happened } from "../things/kept-events.ts";
import { Following, type LiveThing } from "../things/live-thing.ts";
import { affordancesOf, streamsOf, titleOf } from "../things/td.ts";
import { clockOf } from "../things/time-words.ts";

/** Of those that are wanted, the newest. */
const MOST_SHOWN = 100;

/** The events of a Thing as they happen, newest first: all of them, or those of some names; still, while it is paused. */
@customElement("event-list")
export class EventList extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 6px;
        min-width: 0;
      }
      .filters {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px;
      }
      .filters button {
        min-height: 28px;
        padding: 0 10px;
      }
      .filters .pause {
        margin-left: auto;
      }
      ol {
        max-height: 240px;
        margin: 0;
        padding: 0;
        overflow: auto;
        list-style: none;
        font-size: 13px;
      }
      li {
        display: grid;
        grid-template-columns: auto minmax(0, auto) minmax(0, 1fr);
        gap: 0 10px;
        align-items: baseline;
        padding: 3px 0;
        border-top: 1px solid var(--line);
      }
      @media (pointer: coarse) {
        .filters button {
          min-height: 44px;
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor thing!: LiveThing;
  /** Names that are not shown; undefined until someone has chosen. */
  @state() accessor #hidden: ReadonlySet<string> | undefined;
  /** What is shown while the list is paused. */
  @state() accessor #paused: readonly Happened[] | undefined;
  readonly #following = new Following(this);

  override willUpdate(): void {
    this.#following.thing = this.thing;
  }

  override render() {
    const { thing } = this;
    const { events } = affordancesOf(thing.td);
    if (events.size === 0) return nothing;
    const hidden = this.#hidden ?? this.#hiddenAtFirst();
    const wanted = (this.#paused ?? thing.events).filter(({ name }) => !hidden.has(name));
    const shown = wanted.slice(-MOST_SHOWN).reverse();
    return html`
      <div class="filters" role="group" aria-label="Events that are shown">
        ${[...events].map(([name, event]) => this.#filter(name, titleOf(name, event), hidden))}
        ${this.#pause()}
      </div>
      ${thing.isConnected ? nothing : html`<p class="problem" role="status">Not connected: what happens now is not shown here.</p>`}
      ${
        shown.length > 0
          ? html`<ol aria-label="Events">${repeat(
              shown,
              (happened) => happened,
              (happened) => this.#row(happened),
            )}</ol>`
          : html`<p class="quiet">Nothing has happened since this page was opened.</p>`
      }
    `;
  }

  /** A frame is no news thirty times a second: the picture shows it. */
  #hiddenAtFirst(): ReadonlySet<string> {
    const { td, url } = this.thing;
    const streams = streamsOf(td, url).map((href) => new URL(href).pathname.split("/").at(-1));
    return new Set(streams.map((stream) => `${decodeURIComponent(stream ?? "")}_new_frame`));
  }

  #filter(name: string, title: string, hidden: ReadonlySet<string>) {
    const toggle = () => {
      const others = new Set(hidden);
      if (!others.delete(name)) others.add(name);
      this.#hidden = others;
    };
    return html`<button type="button" aria-pressed=${!hidden.has(name)} @click=${toggle}>${title}</button>`;
  }

  #pause() {
    const isPaused = this.#paused !== undefined;
    const toggle = () => {
      this.#paused = isPaused ? undefined : [...this.thing.events];
    };
    return html`<button type="button" class="pause" aria-pressed=${isPaused} @click=${toggle}>
      ${isPaused ? "Go on" : "Pause"}
    </button>`;
  }

  #row({ name, data, problem, at }: Happened) {
    const event = affordancesOf(this.thing.td).events.get(name) ?? {};
    const value = html`<schema-value .schema=${event.data ?? {}} .value=${data}></schema-value>`;
    return html`<li>
      <time class="number quiet" datetime=${new Date(at).toISOString()}>${clockOf(at)}</time>
      <span>${titleOf(name, event)}</span>
      ${
        problem === undefined
          ? data === undefined || data === null
            ? nothing
            : value
          : html`<span class="problem">${problem}</span>`
      }
    </li>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "event-list": EventList;
  }
}
