import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import "../affordances/action-form.ts";
import "../affordances/event-list.ts";
import "../affordances/property-control.ts";
import { shared } from "../style/shared.ts";
import { whyNotOperate } from "../things/account.ts";
import { descriptionIn } from "../things/languages.ts";
import { Following, type LiveThing, thingAt } from "../things/live-thing.ts";
import { groupsOf, matchesSearch, type PropertyGroup } from "../things/property-groups.ts";
import { affordancesOf, type JsonObject, titleOf } from "../things/td.ts";
import { thingViewStyle } from "./thing-view-style.ts";

/** With more properties and actions than that there is a field to find one. */
const SEARCHED = 12;
/** So many groups are open at first, and so many of a group are shown. */
const OPEN_GROUPS = 3;
const FEW = 12;
/** More stand in a row of their own, in several columns. */
const MOST_IN_COLUMN = 6;
const ACTIONS = "Actions";

/**
 * A Thing with all that its description has, whoever wrote it: properties in groups, actions, events. With `src`, the URL of a Thing
 * Description, it stands by itself, with a title and a lamp.
 */
@customElement("thing-view")
export class ThingView extends LitElement {
  static override styles = [shared, thingViewStyle];

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
      ${properties.size + actions.size > SEARCHED ? this.#searchField() : ""}
      <div class="groups">
        ${repeat(
          groups,
          ({ title }) => title,
          (group, n) => this.#group(thing, group, n < OPEN_GROUPS),
        )}
      </div>
      ${actions.size > 0 ? this.#actions(thing, actions) : ""}
      ${events.size > 0 ? this.#events(thing, events.size) : ""}
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

  #searchField() {
    return html`<input
      type="search"
      placeholder="Find a property or an action"
      aria-label="Find a property or an action"
      .value=${this.#search}
      @input=${(event: Event) => {
        this.#search = (event.target as HTMLInputElement).value;
      }}
    />`;
  }

  #group(thing: LiveThing, group: PropertyGroup, isOpen: boolean) {
    const { properties } = affordancesOf(thing.td);
    const { title, isReadings } = group;
    const names = this.#found(group.names, properties);
    if (names.length === 0) return nothing;
    const list = () => html`<div class="properties ${isReadings ? "readings" : ""}">
        ${repeat(
          this.#few(title, names),
          (name) => name,
          (name) => html`<property-control
            .thing=${thing}
            .name=${name}
            @draft-change=${({ detail: isDraft }: CustomEvent) => this.#draft(name, title, isDraft)}
          ></property-control>`,
        )}
      </div>
      ${this.#more(title, names)}`;
    const isLarge = isReadings || !title || names.length > MOST_IN_COLUMN;
    if (!title) return html`<div class="large">${list()}</div>`;
    return this.#fold(title, names.length, { isOpen, isLarge, list });
  }

  #actions(thing: LiveThing, actions: ReadonlyMap<string, JsonObject>) {
    const names = this.#found([...actions.keys()], actions);
    if (names.length === 0) return nothing;
    const list = () => html`<div class="actions">
        ${repeat(
          this.#few(ACTIONS, names),
          (name) => name,
          (name) => html`<action-form explained .thing=${thing} .name=${name}></action-form>`,
        )}
      </div>
      ${this.#more(ACTIONS, names)}`;
    return this.#fold(ACTIONS, names.length, { isOpen: true, isLarge: true, list });
  }

  #events(thing: LiveThing, count: number) {
    const list = () => html`<event-list .thing=${thing}></event-list>`;
    return this.#fold("Events", count, { isOpen: true, isLarge: true, list });
  }

  /** What has its title in a line, and is there when it is opened. */
  #fold(
    title: string,
    count: number,
    { isOpen, isLarge, list }: { isOpen: boolean; isLarge: boolean; list: () => TemplateResult },
  ) {
    const open = this.#text !== "" || (this.#opened.get(title) ?? isOpen);
    const toggled = ({ target }: Event) => {
      const { open: isNow } = target as HTMLDetailsElement;
      if (isNow === open) return;
      this.#opened.set(title, isNow);
      this.requestUpdate();
    };
    return html`<details class=${isLarge ? "large" : ""} ?open=${open} @toggle=${toggled}>
      <summary>${title} <span class="number">${count}</span></summary>
      ${open ? list() : ""}
    </details>`;
  }

  get #text(): string {
    return this.#search.trim();
  }

  #found(names: readonly string[], affordances: ReadonlyMap<string, JsonObject>) {
    return names.filter((name) => matchesSearch(this.#text, name, affordances.get(name) ?? {}));
  }

  #few(title: string, names: readonly string[]): readonly string[] {
    return this.#text !== "" || this.#unfolded.has(title) ? names : names.slice(0, FEW);
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

  #more(title: string, names: readonly string[]) {
    if (this.#few(title, names).length === names.length) return "";
    const unfold = () => {
      this.#unfolded.add(title);
      this.requestUpdate();
    };
    return html`<button type="button" @click=${unfold}>Show all ${names.length}</button>`;
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
