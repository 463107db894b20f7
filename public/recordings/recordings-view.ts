import { html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { shared } from "../style/shared.ts";
import { Underway } from "../style/underway.ts";
import { account } from "../things/account.ts";
import { sentenceOf } from "../things/sentence-of.ts";
import { server, Watching } from "../things/server.ts";
import "./delete-button.ts";
import { ListedRecordings } from "./listed-recordings.ts";
import type { Recording } from "./recording.ts";
import { canDelete, download, remove } from "./recording-deeds.ts";
import { found, ORDERS, type Order } from "./recording-list.ts";
import type { RecordingPlayer } from "./recording-player.ts";
import "./recording-player.ts";
import "./recording-tools.ts";
import { recordingsStyle } from "./recordings-style.ts";
import { bytesText, countText, lengthText } from "./words.ts";

const ON_A_PAGE = 50;
const NO_RECORDER =
  "This server has no Recorder, so nothing is recorded here. Add a Thing of the class thingscope/things:Recorder to its configuration.";
const MIRROR =
  "This server is a mirror, which records nothing. Record its cameras on another server, as RemoteCamera with a Recorder, or by thingscope record.";

/**
 * All recordings of the server: a list that is searched and sorted, and a player for the one that is chosen. Which one that is, it
 * tells as the event `recording-change` with the `id`, for the address.
 */
@customElement("recordings-view")
export class RecordingsView extends LitElement {
  static override styles = [shared, recordingsStyle];

  /** Id of the recording that is played. */
  @property() accessor selected: string | undefined;
  @state() accessor search = "";
  @state() accessor order: Order = "newest";
  @state() accessor page = 0;
  @state() accessor marked: ReadonlySet<string> = new Set();
  @state() accessor problem = "";
  readonly #listed = new ListedRecordings(this);
  readonly watching = new Watching(this, account);
  readonly #removing = new Underway(this);
  /** The recording whose player was offered the keyboard. */
  #offered: string | undefined;

  /** Who pressed Play in another view, whose button is gone, has the player under the keyboard; nobody loses it to the player. */
  override updated(): void {
    const { selected } = this;
    const player = this.renderRoot.querySelector<RecordingPlayer>("recording-player");
    if (selected === this.#offered || (selected !== undefined && !player)) return;
    this.#offered = selected;
    const isLost =
      document.activeElement === document.body && navigator.userActivation?.hasBeenActive;
    if (isLost) void player?.updateComplete.then(() => player.focus());
  }

  override render() {
    const { all, isKnown, hasRecorder, problem } = this.#listed;
    const shown = found(all, this.search, this.order);
    const pages = Math.max(1, Math.ceil(shown.length / ON_A_PAGE));
    const page = Math.min(this.page, pages - 1);
    const played = all.find(({ id }) => id === this.selected);
    if (!hasRecorder)
      return html`<main><h1 class="none">Recordings</h1><p class="none quiet">${isMirror() ? MIRROR : NO_RECORDER}</p></main>`;
    return html`<main>
      <section class="list" aria-label="Recordings">
        ${this.#bar(shown)}
        <p class="problem" role="alert">${this.problem || problem}</p>
        ${isKnown && all.length === 0 && !problem ? html`<p class="none quiet">There is no recording yet. Press Record beside the picture: the seconds before it are in the recording, too.</p>` : nothing}
        ${isKnown && all.length > 0 && shown.length === 0 ? html`<p class="none quiet">No recording has “${this.search}” in its name, camera, date or reason.</p>` : nothing}
        ${isKnown ? nothing : html`<p class="none quiet" role="status">Loading</p>`}
        <ul>
          ${repeat(
            shown.slice(page * ON_A_PAGE, (page + 1) * ON_A_PAGE),
            ({ id }) => id,
            (one) => this.#row(one),
          )}
        </ul>
        ${pages > 1 ? this.#pages(page, pages, shown.length) : nothing}
      </section>
      ${played ? this.#played(played, all) : this.#unknown(isKnown, shown.length)}
    </main>`;
  }

  #bar(shown: readonly Recording[]) {
    const marked = shown.filter(({ id }) => this.marked.has(id));
    const size = bytesText(shown.reduce((sum, one) => sum + one.size, 0));
    const type = ({ target }: Event) => {
      this.search = (target as HTMLInputElement).value;
      this.page = 0;
    };
    const sort = ({ target }: Event) => {
      this.order = (target as HTMLSelectElement).value as Order;
    };
    const save = () => {
      for (const { href, name } of marked) download(href, name);
    };
    return html`
      <div class="bar">
        <h1>Recordings</h1>
        <span class="quiet number" role="status">${marked.length > 0 ? `${marked.length} selected` : `${countText(shown.length, "recording")}, ${size}`}</span>
        <input type="search" placeholder="Search" aria-label="Search recordings" .value=${this.search} @input=${type} />
        <select aria-label="Order" @change=${sort}>
          ${Object.entries(ORDERS).map(([name, { label }]) => html`<option value=${name} ?selected=${name === this.order}>${label}</option>`)}
        </select>
        ${
          marked.length > 0
            ? html`${marked.length < shown.length ? html`<button @click=${() => this.#mark(shown.map(({ id }) => id))}>Select all ${shown.length.toLocaleString("en")}</button>` : nothing}
              <button @click=${save}>Download</button>
              ${marked.every(canDelete) ? html`<delete-button ?busy=${this.#removing.has()} question="Delete ${countText(marked.length, "recording")}?" @delete=${() => this.#removing.run(() => this.#removeAll(marked))}></delete-button>` : nothing}
              <button @click=${() => this.#mark([])}>Cancel</button>`
            : nothing
        }
      </div>
    `;
  }

  #row(recording: Recording) {
    const { id, name, title, camera, size, frames, duration, dropped, isGrowing, parts } =
      recording;
    const isPlayed = id === this.selected;
    const facts = [
      duration === undefined ? "" : lengthText(duration),
      frames === undefined ? "" : countText(frames, "frame"),
      bytesText(size),
      camera,
    ];
    const mark = ({ target }: Event) => {
      const others = [...this.marked].filter((one) => one !== id);
      this.#mark((target as HTMLInputElement).checked ? [...others, id] : others);
    };
    return html`
      <li class=${isPlayed ? "played" : ""}>
        <input type="checkbox" aria-label="Select ${title}" .checked=${this.marked.has(id)} @change=${mark} />
        <button class="open" title=${name} aria-current=${isPlayed ? "true" : nothing} @click=${() => this.#open(id)}>
          <span class="poster">${parts.poster && !isGrowing ? html`<img src=${parts.poster} loading="lazy" alt="" @error=${hide} />` : nothing}</span>
          <span class="words">
            <strong class="name">${title}</strong>
            <span class="quiet number">${facts.filter(Boolean).join(" · ")}</span>
            ${isGrowing ? html`<span class="going">Recording</span>` : nothing}
            ${dropped ? html`<span class="lost">${countText(dropped, "frame")} lost</span>` : nothing}
            ${recording.making.map(({ format, state }) => html`<span class=${state === "failed" ? "lost" : "quiet"}>${format.toUpperCase()} ${state}</span>`)}
          </span>
          <span class="kind quiet">${recording.kind === "mkv" ? "▸" : (name.split(".").at(-1) ?? "").toUpperCase()}</span>
        </button>
      </li>
    `;
  }

  #played(recording: Recording, all: readonly Recording[]) {
    const stem = recording.name.replace(/\.\w+$/, "");
    const made = Object.fromEntries(
      all.flatMap((one) => {
        const format = one.name.slice(stem.length + 1);
        return one.kind === "video" && one.name.startsWith(`${stem}.`) ? [[format, one]] : [];
      }),
    );
    return html`
      <section class="played" aria-label="Player" @keydown=${this.#key}>
        <header>
          <h2>${recording.title}</h2>
          <span class="quiet file" title=${recording.name}>${recording.name}</span>
          <button aria-label="Close the player" title="Close the player (Esc)" @click=${this.#close}>Close</button>
        </header>
        <recording-player .recording=${recording}></recording-player>
        <p class="quiet">${[recording.reason && `Reason: ${recording.reason}`, recording.ended && `Ended: ${recording.ended}`].filter(Boolean).join(" · ")}</p>
        <recording-tools .recording=${recording} .made=${made} @deleted=${this.#deleted}></recording-tools>
      </section>
    `;
  }

  #unknown(isKnown: boolean, count: number) {
    if (!isKnown) return nothing;
    if (this.selected === undefined)
      return count > 0
        ? html`<p class="hint quiet">Choose a recording to play it here.</p>`
        : nothing;
    return html`<section class="played"><p class="none">There is no recording ${this.selected.slice(0, 40)}: it was deleted, or is on another server.</p></section>`;
  }

  #pages(page: number, pages: number, count: number) {
    const go = (by: number) => () => {
      this.page = page + by;
    };
    const last = Math.min(count, (page + 1) * ON_A_PAGE);
    return html`
      <nav class="pages" aria-label="Pages">
        <button ?disabled=${page === 0} @click=${go(-1)}>Previous</button>
        <span class="quiet number">${page * ON_A_PAGE + 1} to ${last} of ${count}</span>
        <button ?disabled=${page === pages - 1} @click=${go(1)}>Next</button>
      </nav>
    `;
  }

  readonly #key = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    this.#close();
  };

  /** The keyboard goes back to the recording in the list. */
  readonly #close = () => {
    const row = this.#playedRow;
    this.#open(undefined);
    openerIn(row)?.focus();
  };

  /** The keyboard goes on to the recording that takes its place. */
  readonly #deleted = () => {
    const row = this.#playedRow;
    const neighbour = row?.nextElementSibling ?? row?.previousElementSibling;
    this.#open(undefined);
    openerIn(neighbour)?.focus();
  };

  get #playedRow(): Element | null {
    return this.renderRoot.querySelector("li.played");
  }

  #open(id: string | undefined): void {
    this.selected = id;
    const detail = { id };
    this.dispatchEvent(
      new CustomEvent("recording-change", { detail, bubbles: true, composed: true }),
    );
  }

  #mark(ids: readonly string[]): void {
    this.marked = new Set(ids);
  }

  /** The button goes with what it deleted: the keyboard goes on to the list. */
  async #removeAll(recordings: readonly Recording[]): Promise<void> {
    const hadKeyboard = this.shadowRoot?.activeElement?.localName === "delete-button";
    const rows = [...this.renderRoot.querySelectorAll("li")];
    const next = rows.find((row) => !row.querySelector("input")?.checked);
    this.problem = "";
    for (const recording of recordings) {
      try {
        await remove(recording);
        if (recording.id === this.selected) this.#open(undefined);
        this.#mark([...this.marked].filter((id) => id !== recording.id));
      } catch (error) {
        this.problem = sentenceOf(error);
      }
    }
    await this.updateComplete;
    if (!hadKeyboard || this.marked.size > 0) return;
    (openerIn(next) ?? this.renderRoot.querySelector("input"))?.focus();
  }
}

function openerIn(row: Element | null | undefined): HTMLElement | null | undefined {
  return row?.querySelector<HTMLElement>(".open");
}

/** A poster that cannot be made leaves its place dark. */
function hide({ target }: Event): void {
  (target as HTMLImageElement).hidden = true;
}

function isMirror(): boolean {
  const all = [...server.things.values()];
  return all.length > 0 && all.every(({ td }) => td.mirrorOf !== undefined);
}
