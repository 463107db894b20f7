import { html, LitElement, nothing, type PropertyValues, svg } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import type { Gap } from "./frame-table.ts";
import type { Extent, FromPlayer, ShownFrame, ToPlayer } from "./player-messages.ts";
import { playerStyle } from "./player-style.ts";
import type { Recording } from "./recording.ts";
import { clockText, countText, lengthText, timeText } from "./words.ts";

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 10];
/** What a key does, beside the space bar. */
const STEPS: Readonly<Record<string, number>> = {
  ",": -1,
  ".": 1,
  ArrowLeft: -1,
  ArrowRight: 1,
  PageUp: -10,
  PageDown: 10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** Plays a recording frame by frame, each at its own time. */
@customElement("recording-player")
export class RecordingPlayer extends LitElement {
  static override styles = [shared, playerStyle];
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };

  @property({ attribute: false }) accessor recording: Recording | undefined;
  @state() accessor extent: Extent | undefined;
  @state() accessor shown: ShownFrame | undefined;
  @state() accessor isPlaying = false;
  @state() accessor trouble: string | undefined;
  @state() accessor speed = 1;
  @state() accessor loop = false;
  @query("canvas") accessor canvas!: HTMLCanvasElement | null;
  @query(".stage") accessor stage!: HTMLElement;
  #worker: Worker | undefined;
  /** What the worker plays: an element that is moved within the page goes on. */
  #played: string | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.requestUpdate("recording", undefined); // it is back in the page
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#end();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const { recording } = this;
    if (!changed.has("recording") || recording?.href === this.#played) return;
    this.#end();
  }

  override updated(changed: PropertyValues<this>): void {
    const { recording, canvas } = this;
    if (!recording || !changed.has("recording")) return;
    if (recording.kind === "mkv" && !this.#worker && canvas) this.#begin(recording, canvas);
    this.#send({ do: "growing", isGrowing: recording.isGrowing });
  }

  #begin({ href, parts }: Recording, before: HTMLCanvasElement): void {
    const fresh = document.createElement("canvas"); // one that was drawn on cannot be given away again
    before.replaceWith(fresh);
    const canvas = fresh.transferControlToOffscreen();
    const worker = new Worker(new URL("./player-worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<FromPlayer>) => this.#told(data));
    const open: ToPlayer = { do: "open", canvas, file: href, ledger: parts.ledger };
    worker.postMessage(open, [canvas]);
    this.#worker = worker;
    this.#played = href;
    this.#send({ do: "play", speed: this.speed, loop: this.loop });
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#played = undefined;
    this.extent = this.shown = this.trouble = undefined;
    this.isPlaying = false;
  }

  #send(message: ToPlayer): void {
    this.#worker?.postMessage(message);
  }

  #told(message: FromPlayer): void {
    if (message.tell === "extent") this.extent = message;
    else if (message.tell === "shown") this.shown = message;
    else if (message.tell === "playing") this.isPlaying = message.isPlaying;
    else this.trouble = message.trouble;
  }

  override render() {
    const { recording } = this;
    if (!recording) return nothing;
    const { kind, href, title } = recording;
    if (kind === "still") return html`<div class="stage"><img src=${href} alt=${title} /></div>`;
    if (kind === "video")
      return html`<div class="stage"><video src=${href} controls autoplay loop aria-label=${title}></video></div>`;
    return html`
      <div class="stage" tabindex="0" role="group" aria-label="${title}, player" @keydown=${this.#key}>
        <canvas></canvas>
        ${this.#overlay()}
      </div>
      ${this.#line()}
      <div class="controls" @keydown=${this.#key}>${this.#controls()}</div>
      <p class="facts number" aria-live="off">${this.#facts()}</p>
    `;
  }

  #overlay() {
    const text = this.trouble ?? this.shown?.problem ?? (this.shown ? "" : "Loading");
    return text ? html`<p class="over" role="status">${text}</p>` : nothing;
  }

  #line() {
    const { extent, shown } = this;
    const [from, to] = [extent?.from ?? 0, Math.max(extent?.to ?? 1, (extent?.from ?? 0) + 0.001)];
    const mark = (gap: Gap) =>
      svg`<rect x=${(gap.from - from) / (to - from)} width=${(gap.to - gap.from) / (to - from)} height="1"></rect>`;
    const time = shown?.capturedAt ?? from;
    const seek = ({ target }: Event) =>
      this.#send({ do: "seek", time: from + Number((target as HTMLInputElement).value) });
    const said = `frame ${(shown?.n ?? 0) + 1} of ${extent?.count ?? 0}, ${lengthText((time - from) / 1000)}`;
    return html`
      <div class="line">
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
          ${(extent?.gaps ?? []).map(mark)}
        </svg>
        <input
          type="range" min="0" step="any" .max=${String(to - from)} .value=${String(time - from)}
          aria-label="Time" aria-valuetext=${said}
          @input=${seek} @keydown=${this.#key}
        />
      </div>
    `;
  }

  #controls() {
    const { speed, loop, isPlaying } = this;
    const step = (by: number) => () => this.#send({ do: "step", by });
    const setSpeed = ({ target }: Event) => {
      this.speed = Number((target as HTMLSelectElement).value);
      if (isPlaying) this.#play();
    };
    const setLoop = () => {
      this.loop = !loop;
      if (isPlaying) this.#play();
    };
    return html`
        <button title="One frame back (,)" aria-label="One frame back" @click=${step(-1)}>◂|</button>
        <button class="first" title="Play or pause (space)" @click=${this.#toggle}>
          ${isPlaying ? "Pause" : "Play"}
        </button>
        <button title="One frame on (.)" aria-label="One frame on" @click=${step(1)}>|▸</button>
        <label>Speed
          <select @change=${setSpeed}>
            ${SPEEDS.map((one) => html`<option value=${one} ?selected=${one === speed}>${one}×</option>`)}
          </select>
        </label>
        <button aria-pressed=${loop} @click=${setLoop}>Loop</button>
        <output class="number">${this.#position()}</output>
    `;
  }

  #position() {
    const { extent, shown } = this;
    if (!extent || !shown) return "";
    const [now, all] = [shown.capturedAt - extent.from, extent.to - extent.from];
    const numbers = `${(shown.n + 1).toLocaleString("en")} of ${extent.count.toLocaleString("en")}`;
    const more = this.recording?.isGrowing ? ", still recording" : extent.isKnown ? "" : "+";
    return `Frame ${numbers}${more} · ${clockText(now / 1000)} of ${clockText(all / 1000)}`;
  }

  #facts() {
    const { shown, extent } = this;
    if (!shown) return "";
    const identity =
      shown.index === undefined ? "no ledger" : `index ${shown.index}, run ${shown.run}`;
    const size = shown.width ? `${shown.width} × ${shown.height}` : "";
    const lost = (extent?.gaps ?? []).reduce((sum, gap) => sum + gap.lost, 0);
    const gaps = extent?.gaps.length
      ? `${countText(extent.gaps.length, "gap")}, ${countText(lost, "frame")} lost`
      : "no gap";
    const cut = extent?.isCut ? "only the first million frames are played here" : "";
    const all = [
      timeText(shown.capturedAt),
      identity,
      size,
      `${(shown.size / 1000).toFixed(1)} kB`,
    ];
    return [...all, gaps, cut].filter(Boolean).join(" · ");
  }

  readonly #toggle = () => {
    if (this.isPlaying) this.#send({ do: "pause" });
    else this.#play();
  };

  readonly #key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isOfControl(event)) return;
    const by = STEPS[event.key];
    if (by === undefined && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    if (by === undefined) this.#toggle();
    else this.#send({ do: "step", by: Math.max(-1e9, Math.min(1e9, by)) });
  };

  #play(): void {
    this.#send({ do: "play", speed: this.speed, loop: this.loop });
  }
}

/** Keys that a menu, or a button, has a use of its own for. */
function isOfControl({ key, target }: KeyboardEvent): boolean {
  return (
    target instanceof HTMLSelectElement || (target instanceof HTMLButtonElement && key === " ")
  );
}
