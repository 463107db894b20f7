import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { recordingsOf } from "../recordings/recording-list.ts";
import { countText, lengthText } from "../recordings/words.ts";
import { shared } from "../style/shared.ts";
import { Underway } from "../style/underway.ts";
import { account, whyNotOperate } from "../things/account.ts";
import { Following, type LiveThing } from "../things/live-thing.ts";
import { sentenceOf } from "../things/sentence-of.ts";
import { Watching } from "../things/server.ts";
import { affordancesOf } from "../things/td.ts";
import { diskLeft } from "./disk-left.ts";
import { isRecording, record } from "./recorder-deeds.ts";
import "./timelapse-form.ts";

const WARNINGS = ["no_room", "recording_lost", "recording_finished", "export_failed"];
/** Ends that were asked for. */
const USUAL_ENDS = ["stopped", "the window is over", "split"];
const REMEDY = "Fix that, then record again.";

/** A Recorder: one button that records with the seconds before it, how far it is, and how much room there is. */
@customElement("recorder-panel")
export class RecorderPanel extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 10px;
        padding: 10px 12px 12px;
      }
      .top {
        display: flex;
        align-items: center;
        gap: 14px;
      }
      .record {
        flex: none;
        width: 64px;
        height: 64px;
        padding: 0;
        border: 3px solid var(--edge);
        border-radius: 50%;
        background: var(--raised);
      }
      .record:hover:enabled {
        border-color: var(--lost);
      }
      .record i {
        width: 40px;
        height: 40px;
        border-radius: 50%;
        background: #d3382a;
      }
      .record:is(:disabled, [aria-disabled="true"]) i {
        background: var(--quiet);
      }
      .record[aria-pressed="true"] {
        border-color: #d3382a;
      }
      .record[aria-pressed="true"] i {
        width: 26px;
        height: 26px;
        border-radius: 5px;
      }
      .so {
        min-width: 0;
      }
      .so strong {
        display: block;
        font-size: 15px;
      }
      dl {
        display: grid;
        grid-template-columns: auto 1fr;
        gap: 2px 14px;
      }
      dt {
        color: var(--quiet);
      }
      dd {
        text-align: right;
      }
      .low {
        color: var(--stale);
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 6px;
      }
      .last {
        display: flex;
        align-items: center;
        gap: 8px;
        min-width: 0;
      }
      .last span {
        flex: 1;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) accessor thing!: LiveThing;
  @state() accessor said = "";
  @state() accessor problem = "";
  /** Epoch ms, when the newest recording began: what was told before is over. */
  #begunAt = 0;
  #wasOn = false;
  readonly #asking = new Underway(this);
  readonly #following = new Following(this);
  readonly watching = new Watching(this, account);

  override willUpdate(): void {
    this.#following.thing = this.thing;
    const isOn = isRecording(this.thing);
    if (isOn && !this.#wasOn) this.#begunAt = Date.now();
    this.#wasOn = isOn;
  }

  override render() {
    const { thing } = this;
    const state = String(this.#value("state") ?? "");
    const isOn = isRecording(thing);
    const locked = whyNotOperate();
    const label = isOn ? "Stop recording" : "Record";
    return html`
      <div class="top">
        <button
          class="record" aria-label=${label} title=${locked ?? label} aria-pressed=${isOn}
          ?disabled=${locked !== undefined} aria-disabled=${this.#asking.has() || nothing} @click=${this.#record}
        ><i></i></button>
        <div class="so">
          <strong role="status">${this.#headline(state)}</strong>
          <span class="quiet">${this.#asking.lateWords() || this.said || this.#subline(state, isOn)}</span>
        </div>
      </div>
      <p class="problem" role="alert">${this.problem}</p>
      ${this.#warnings()}
      <dl>${this.#facts()}</dl>
      ${this.#last()}
      ${affordancesOf(thing.td).actions.has("timelapse") ? html`<timelapse-form .thing=${thing}></timelapse-form>` : nothing}
    `;
  }

  #headline(state: string): string {
    if (state === "recording") return "Recording";
    if (state === "finishing") return "Writing the file";
    if (state === "starting" || this.#asking.has()) return "Starting";
    if (this.#trouble !== undefined) return "No disk";
    return state === "" ? "" : "Ready";
  }

  #subline(state: string, isOn: boolean): string {
    if (isOn || state === "recording" || state === "finishing") return "";
    if (this.#value("armed") === false) return "Records from the click on: the pre-roll is off";
    const seconds = Number(this.#value("pre_roll") ?? 0);
    return seconds > 0 ? `Up to ${seconds} s before the click are in the recording` : "";
  }

  #facts() {
    const progress = this.#list("progress").map(Object);
    const going = progress.at(-1);
    const disk = this.#trouble
      ? undefined
      : diskLeft(this.#value("disk"), [...progress, ...this.#list("recordings")]);
    const armed = this.#value("armed");
    const arm = ({ target }: Event) => {
      const { checked } = target as HTMLInputElement;
      void this.#try(() => this.thing.write("armed", checked));
    };
    return html`
      ${going ? row("So far", `${countText(Number(going.frames), "frame")}, ${lengthText(Number(going.duration))}`) : nothing}
      ${going ? row("Lost", lostText(going), Number(going.dropped) > 0 ? "problem" : "") : nothing}
      ${typeof armed === "boolean" ? html`<dt>Pre-roll</dt><dd><label class="arm"><input type="checkbox" .checked=${armed} ?disabled=${whyNotOperate() !== undefined} @change=${arm} />${this.#value("pre_roll") ?? ""} s</label></dd>` : nothing}
      ${disk ? row("Disk left", disk.text, disk.isLow ? "low" : "") : nothing}
    `;
  }

  /** Why nothing can be read from the disk, or written to it. */
  get #trouble(): string | undefined {
    return Object(this.#value("disk")).trouble;
  }

  #warnings() {
    // One camera's recording may have ended well after another one's was lost.
    const event = this.thing.events
      .filter(({ name, at }) => at >= this.#begunAt && WARNINGS.includes(name))
      .map(({ name, data }) => warning(name, Object(data)))
      .findLast(Boolean);
    return html`
      ${this.#trouble === undefined ? nothing : html`<p class="problem" part="trouble" role="alert">${this.#trouble}</p>`}
      ${event && event !== this.problem ? html`<p class="low" role="status">${event}</p>` : nothing}
    `;
  }

  #last() {
    const all = recordingsOf([this.thing]);
    const newest = all.find(({ isGrowing, kind }) => !isGrowing && kind !== "still");
    const show = (id: string | undefined) => () => {
      const detail = { id };
      const options = { detail, bubbles: true, composed: true };
      this.dispatchEvent(new CustomEvent("recording-change", options));
    };
    return html`
      <div class="last">
        ${newest ? html`<button class="play" @click=${show(newest.id)}>Play</button><span title=${newest.name}>${newest.title}</span>` : html`<span class="quiet">${whyNone(all)}</span>`}
        <button class="all" @click=${show(undefined)}>${all.length > 0 ? countText(all.length, "recording") : "Recordings"}</button>
      </div>
    `;
  }

  readonly #record = () =>
    this.#asking.run(() =>
      this.#try(async () => {
        this.said = "";
        const sentence = await record(this.thing, isRecording(this.thing));
        this.said = sentence === "Recording" ? "" : sentence;
      }),
    );

  async #try(deed: () => Promise<void>): Promise<void> {
    this.problem = "";
    try {
      await deed();
    } catch (error) {
      this.problem = sentenceOf(error);
      this.requestUpdate();
    }
  }

  #value(name: string): unknown {
    return this.thing.values.get(name)?.value;
  }

  #list(name: string): readonly unknown[] {
    const value = this.#value(name);
    return Array.isArray(value) ? value : [];
  }
}

function lostText({ dropped, why_dropped: why }: Readonly<Record<string, unknown>>): string {
  const count = countText(Number(dropped), "frame");
  return why === undefined ? count : `${count}: ${why}`;
}

/** Why there is nothing to play. */
function whyNone(all: ReturnType<typeof recordingsOf>): string {
  if (all.some(({ isGrowing }) => isGrowing)) return "The first recording";
  return all.length > 0 ? "Only stills so far" : "No recordings yet";
}

/** What an event of a Recorder has to say to a person, if anything. */
function warning(event: string, data: Readonly<Record<string, unknown>>): string {
  const { name, why, reason, ended, recording } = data;
  if (event === "recording_lost") return `${name} is lost: ${why}. ${REMEDY}`;
  if (event === "export_failed") return `${Object(recording).name}: ${reason}`;
  if (event === "no_room") return String(why);
  return USUAL_ENDS.includes(String(ended ?? USUAL_ENDS[0]))
    ? ""
    : `${name} ended: ${ended}. ${REMEDY}`;
}

function row(name: string, value: string, kind = "") {
  return html`<dt>${name}</dt><dd class="number ${kind}">${value}</dd>`;
}
