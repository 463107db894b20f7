import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { focus } from "../instruments/focus.ts";
import { type Kind, ofAnyCamera, ofCamera } from "../instruments/of-camera.ts";
import { isRecording, record, still } from "../instruments/recorder-deeds.ts";
import { shared } from "../style/shared.ts";
import { Underway } from "../style/underway.ts";
import { Following, type LiveThing } from "../things/live-thing.ts";
import { sentenceOf } from "../things/sentence-of.ts";
import { type Stream, server, Watching } from "../things/server.ts";
import { MOVING, stopAll } from "./stop-all.ts";

/** What one does every day, always at hand; what the bench lacks is not shown. */
@customElement("daily-actions")
export class DailyActions extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: flex;
        flex-wrap: wrap-reverse; /* what does not fit beside the buttons stands below them: they keep their places */
        align-items: center;
        justify-content: flex-end;
        gap: 6px 8px;
        min-width: 0;
      }
      button,
      .button {
        min-width: 84px;
        min-height: 36px;
        font-weight: 600;
      }
      .said {
        min-width: 0;
        overflow-wrap: anywhere;
      }
      .said:empty {
        display: none;
      }
      .buttons {
        display: flex;
        gap: 8px;
      }
      .record::before {
        content: "";
        flex: none;
        width: 10px;
        height: 10px;
        border-radius: 50%;
        background: var(--lost);
      }
      .record[aria-pressed="true"] {
        border-color: var(--lost);
        background: var(--lost);
        color: var(--panel);
      }
      .record[aria-pressed="true"]::before {
        border-radius: 2px;
        background: var(--panel);
      }
      .stop {
        border-color: var(--lost);
        color: var(--lost);
      }
      @media (max-width: 1100px) {
        button {
          min-width: 0;
        }
      }
      @media (max-width: 900px) {
        :host {
          flex-wrap: wrap;
        }
        .said,
        .buttons {
          flex-basis: 100%;
        }
        button,
        .button {
          flex: 1 1 auto;
          min-width: 0;
          min-height: 44px;
          padding: 0 8px;
        }
      }
    `,
  ];

  /** What is shown. */
  @property({ attribute: false }) accessor stream: Stream | undefined;
  @state() accessor said = "";
  @state() accessor isProblem = false;
  readonly watching = new Watching(this, server);
  readonly #underway = new Underway(this);

  @state() accessor focuser: LiveThing | undefined;
  readonly #recorder = new Following(this, (property) => property === "until_stopped");
  /** For what these were looked for: the camera, and the Things that there were. */
  #lookedFor = "";

  override willUpdate(): void {
    const wanted = [this.stream?.thing ?? "", ...server.things.keys()].join("\n");
    if (wanted === this.#lookedFor) return;
    this.#lookedFor = wanted;
    void this.#find(wanted);
  }

  override render() {
    const autofocus = this.focuser;
    const camera = this.stream && server.things.get(this.stream.thing);
    const recorder = this.#recorder.thing;
    const canMove = MOVING.some((type) => server.first(type));
    return html`
      <span class="said ${this.isProblem ? "problem" : "quiet"}" role="status">${this.said}${this.#late}</span>
      <div class="buttons">
      ${autofocus ? this.#button("Focus", "Focusing", () => focus(autofocus)) : nothing}
      ${camera ? this.#button("Still", "Taking a still", () => still(camera)) : nothing}
      ${recorder ? this.#recordButton(recorder) : nothing}
      ${canMove ? html`<button class="stop" @click=${this.#stop}>Stop</button>` : nothing}
      </div>
    `;
  }

  /** Focusing takes its time. */
  get #late(): string {
    const words = ["Still", "Record", "Stop"].map((name) => this.#underway.lateWords(name));
    const late = words.find(Boolean);
    return late ? `. ${late}` : "";
  }

  #recordButton(recorder: LiveThing) {
    const isOn = isRecording(recorder);
    const words = isOn ? "Ending the recording" : "Starting to record";
    const run = () => this.#run("Record", words, () => record(recorder, isOn));
    return html`<button
      class="record"
      aria-pressed=${isOn}
      aria-disabled=${this.#underway.has("Record") || nothing}
      @click=${run}
    >
      ${isOn ? "End recording" : "Record"}
    </button>`;
  }

  /** Those of the camera that is shown: with another picture, they would act on what nobody sees. */
  async #find(wanted: string): Promise<void> {
    const camera = this.stream?.thing ?? "";
    const find = async (kind: Kind) => (await ofCamera(camera, kind)) ?? ofAnyCamera(kind);
    try {
      const [autofocus, recorder] = await Promise.all([find("Autofocus"), find("Recorder")]);
      if (wanted !== this.#lookedFor) return;
      this.focuser = autofocus;
      this.#recorder.thing = recorder;
      this.requestUpdate();
    } catch {
      if (wanted === this.#lookedFor) this.#lookedFor = ""; // it is looked for again when the server tells of itself
    }
  }

  #button(label: string, words: string, act: () => Promise<string>) {
    const run = () => this.#run(label, words, act);
    const isUnderway = this.#underway.has(label);
    return html`<button aria-disabled=${isUnderway || nothing} @click=${run}>${label}</button>`;
  }

  readonly #stop = () => this.#run("Stop", "Stopping", stopAll);

  /** @param words - What is said until there is an answer, in place of how the last one ended. */
  #run(label: string, words: string, act: () => Promise<string>): Promise<void> {
    return this.#underway.run(async () => {
      this.#tell(words);
      try {
        this.#tell(await act());
      } catch (error) {
        this.#tell(sentenceOf(error), true);
      }
    }, label);
  }

  #tell(said: string, isProblem = false): void {
    this.said = said;
    this.isProblem = isProblem;
  }
}
