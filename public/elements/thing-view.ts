import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "../affordances/action-form.ts";
import "../affordances/event-list.ts";
import "../affordances/property-control.ts";
import { shared } from "../style/shared.ts";
import { Following, type LiveThing, thingAt } from "../things/live-thing.ts";
import { groupsOf, matchesSearch, type PropertyGroup } from "../things/property-groups.ts";
import { descriptionIn } from "../things/languages.ts";
import { whyNotOperate } from "../things/account.ts";
import { affordancesOf, titleOf } from "../things/td.ts";

/** With more properties than that there is a field to find one. */
const SEARCHED = 12;
/** So many groups are open at first, and so many of a group are shown. */
const OPEN_GROUPS = 3;
const FEW = 12;

/**
 * A Thing with all that its description has, whoever wrote it: properties in groups, actions, events. With `src`, the URL of a Thing
 * Description, it stands by itself, with a title and a lamp.
 */
@customElement("thing-view")
export class ThingView extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        align-content: start;
        gap: 8px;
        min-width: 0;
        padding: 12px;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--panel);
        container-type: inline-size;
      }
      header {
        display: flex;
        align-items: center;
        gap: 10px;
      }
      header h2 {
        overflow-wrap: anywhere;
      }
      header .quiet {
        margin-left: auto;
      }
      details > summary,
      h3 {
        padding: 4px 0;
        color: var(--quiet);
        font-size: 12px;
        font-weight: 600;
      }
      summary {
        cursor: pointer;
      }
      .properties {
        columns: 420px;
        column-gap: 32px;
        padding: 2px 0;
      }
      .readings {
        columns: 280px;
      }
      property-control {
        margin-bottom: 6px;
        break-inside: avoid;
      }
      .readings > property-control {
        margin-bottom: 2px;
      }
      input[type="search"] {
        width: 100%;
      }
    `,
  ];

  /** URL of a Thing Description. */
  @property() accessor src = "";
  @property({ attribute: false }) accessor thing: LiveThing | undefined;
  @state() accessor #search = "";
  /** Groups of which all is shown. */
  readonly #unfolded = new Set<string>();
  /** Groups that somebody has opened or closed. */
  readonly #opened = new Map<string, boolean>();
  /** Properties that somebody enters a value for, and their groups. */
  readonly #drafts = new Map<string, string>();
  readonly #following = new Following(this, () => false);

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("src") && this.src) this.thing = thingAt(this.src);
    this.#following.thing = this.thing;
  }

  override render() {
    const { thing } = this;
    if (!thing) return nothing;
    const { properties, actions, events } = affordancesOf(thing.td);
    const groups = this.#withDrafts(groupsOf(thing.td), properties);
    return html`
      ${this.src ? this.#header(thing) : ""}
      ${this.#problem(thing)} ${this.#forbidden()}
      ${properties.size > SEARCHED ? this.#searchField(properties.size) : ""}
      ${repeat(
        groups,
        ({ title }) => title,
        (group, n) => this.#group(thing, group, n < OPEN_GROUPS),
      )}
      ${[...actions.keys()].map(
        (name) => html`<action-form explained .thing=${thing} .name=${name}></action-form>`,
      )}
      ${events.size > 0 ? html`<event-list .thing=${thing}></event-list>` : ""}
    `;
  }

  #header(thing: LiveThing) {
    const { state, word } = lampOf(thing);
    const description = descriptionIn(thing.td);
    return html`<header>
        <span class="lamp" data-state=${state}></span>
        <h2>${titleOf(new URL(thing.url).pathname.split("/").findLast(Boolean) ?? "", thing.td)}</h2>
        <span class="quiet">${word}</span>
      </header>
      ${description !== undefined ? html`<p class="quiet">${description}</p>` : ""}`;
  }

  #problem({ problem }: LiveThing) {
    return problem === undefined ? "" : html`<p class="problem" role="status">${problem}</p>`;
  }

  #forbidden() {
    const why = whyNotOperate();
    return why ? html`<p class="quiet" role="status">${why}</p>` : "";
  }

  #searchField(count: number) {
    return html`<input
      type="search"
      placeholder=${`Find one of ${count} properties`}
      aria-label="Find a property"
      .value=${this.#search}
      @input=${(event: Event) => {
        this.#search = (event.target as HTMLInputElement).value;
      }}
    />`;
  }

  #group(thing: LiveThing, group: PropertyGroup, isOpen: boolean) {
    const { properties } = affordancesOf(thing.td);
    const text = this.#search.trim();
    const names = group.names.filter((name) =>
      matchesSearch(text, name, properties.get(name) ?? {}),
    );
    if (names.length === 0) return nothing;
    const showsAll = text !== "" || this.#unfolded.has(group.title);
    const shown = showsAll ? names : names.slice(0, FEW);
    const open = text !== "" || (this.#opened.get(group.title) ?? isOpen);
    const list = () => html`<div class="properties ${group.isReadings ? "readings" : ""}">
        ${repeat(
          shown,
          (name) => name,
          (name) => html`<property-control
            .thing=${thing}
            .name=${name}
            @draft-change=${({ detail: isDraft }: CustomEvent) => this.#draft(name, group.title, isDraft)}
          ></property-control>`,
        )}
      </div>
      ${shown.length < names.length ? this.#more(group.title, names.length) : ""}`;
    if (!group.title) return list();
    const toggled = ({ target }: Event) => {
      const { open: isNow } = target as HTMLDetailsElement;
      if (isNow === open) return;
      this.#opened.set(group.title, isNow);
      this.requestUpdate();
    };
    return html`<details ?open=${open} @toggle=${toggled}>
      <summary>${group.title} <span class="number">${names.length}</span></summary>
      ${open ? list() : ""}
    </details>`;
  }

  #draft(name: string, group: string, isDraft: boolean): void {
    if (isDraft) this.#drafts.set(name, group);
    else if (this.#drafts.delete(name)) this.requestUpdate();
  }

  /** A property that goes while somebody enters a value stays until they have seen that. */
  #withDrafts(groups: readonly PropertyGroup[], properties: ReadonlyMap<string, unknown>) {
    const gone = [...this.#drafts].filter(([name]) => !properties.has(name));
    const titles = new Set(groups.map(({ title }) => title));
    const lost = gone.filter(([, title]) => !titles.has(title));
    const others = lost.map(([name, title]) => ({ title, names: [name], isReadings: false }));
    const kept = groups.map((group) => {
      const here = gone.filter(([, title]) => title === group.title).map(([name]) => name);
      return { ...group, names: [...group.names, ...here] };
    });
    return [...kept, ...others];
  }

  #more(title: string, count: number) {
    const unfold = () => {
      this.#unfolded.add(title);
      this.requestUpdate();
    };
    return html`<button type="button" @click=${unfold}>Show all ${count}</button>`;
  }
}

/** Of a Thing that stands by itself. */
function lampOf({ problem, isConnected }: LiveThing): { state: string; word: string } {
  if (isConnected) return { state: "ok", word: "Connected" };
  if (problem !== undefined) return { state: "failed", word: "Not connected" };
  return { state: "opening", word: "Connecting" };
}

declare global {
  interface HTMLElementTagNameMap {
    "thing-view": ThingView;
  }
}
