import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { KeptKeyboard } from "../style/kept-keyboard.ts";
import { shared } from "../style/shared.ts";
import { Underway } from "../style/underway.ts";
import { account, whyNotOperate } from "../things/account.ts";
import { failureOf, over } from "../things/following-run.ts";
import type { Run } from "../things/run.ts";
import { FollowingRuns, runsOf } from "../things/runs.ts";
import { sentenceOf } from "../things/sentence-of.ts";
import { Watching } from "../things/server.ts";
import "./delete-button.ts";
import type { Recording } from "./recording.ts";
import {
  canDelete,
  canExport,
  canVerify,
  download,
  remove,
  runsWith,
  type Verdict,
  verdictOf,
} from "./recording-deeds.ts";
import { countText } from "./words.ts";

const FORMATS = { mp4: "MP4", webm: "WebM" } as const;

/** What can be done with one recording: verify, download in each format, its ledger, delete, which fires `deleted`. */
@customElement("recording-tools")
export class RecordingTools extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 8px;
      }
      .row {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 6px;
      }
      delete-button {
        margin-left: auto;
      }
      .badge {
        padding: 3px 10px;
        border: 1px solid currentcolor;
        border-radius: 99px;
        color: var(--live);
      }
      .badge.bad {
        color: var(--lost);
      }
      .going {
        display: inline-flex;
        align-items: center;
        gap: 6px;
      }
      progress {
        width: 90px;
        accent-color: var(--accent);
      }
    `,
  ];

  @property({ attribute: false }) accessor recording!: Recording;
  /** Files that were made of it already, by format. */
  @property({ attribute: false }) accessor made: Readonly<Record<string, Recording>> = {};
  @state() accessor problem = "";
  readonly watching = new Watching(this, account);
  readonly #runs = new FollowingRuns(this);
  readonly keptKeyboard = new KeptKeyboard(this);
  readonly #removing = new Underway(this);

  override willUpdate(changed: PropertyValues<this>): void {
    this.#runs.thing = this.recording.recorder;
    const before = changed.get("recording");
    if (before !== undefined && before.id !== this.recording.id) this.problem = "";
  }

  override render() {
    const { recording } = this;
    const [check] = runsWith(recording, "verify");
    const verdict = verdictOf(check);
    const { kind, href, name, parts, isGrowing } = recording;
    return html`
      <div class="row">
        ${canVerify(recording) ? this.#verify(check, isGrowing) : nothing}
        ${verdict ? this.#badge(verdict) : nothing}
        <a class="button" href=${href} download=${name}>${kind === "mkv" ? "MKV" : kind === "still" ? "JPEG" : "Video"}</a>
        ${canExport(recording) ? Object.keys(FORMATS).map((format) => this.#format(format as keyof typeof FORMATS)) : nothing}
        ${["ledger.csv", "ledger.json"].map((part) =>
          parts[part]
            ? html`<a class="button" href=${parts[part]} download="${name}.${part}">${part === "ledger.csv" ? "Ledger CSV" : "JSON"}</a>`
            : nothing,
        )}
        ${canDelete(this.recording) ? html`<delete-button ?disabled=${isGrowing} ?busy=${this.#removing.has(recording.id)} @delete=${() => this.#removing.run(this.#remove, recording.id)}></delete-button>` : nothing}
      </div>
      ${verdict && !verdict.ok ? html`<p class="problem">${verdict.sentence}</p>` : nothing}
      ${recording.making.map(({ format, state, reason }) =>
        state === "failed"
          ? html`<p class="problem failed">No ${FORMATS[format as keyof typeof FORMATS] ?? format}: ${reason}</p>`
          : html`<p class="quiet">${FORMATS[format as keyof typeof FORMATS] ?? format}: ${state}</p>`,
      )}
      <p class="problem" role="alert">${this.problem || failureOf(check)}</p>
    `;
  }

  #verify(check: Run | undefined, isGrowing: boolean) {
    if (check && !check.isOver) return this.#going(check, "Verifying", "verify");
    const { recorder, id } = this.recording;
    const start = () => runsOf(recorder).start("verify", { id });
    return html`<button data-place="verify" ?disabled=${isGrowing || whyNotOperate() !== undefined} @click=${start}>Verify</button>`;
  }

  #badge({ ok, frames, expected }: Verdict) {
    return html`<span class="badge ${ok ? "" : "bad"}" role="status">${frames.toLocaleString("en")} of ${countText(expected, "frame")}</span>`;
  }

  /** What goes on, and how it is ended. */
  #going(run: Run, label: string, place: string) {
    const fraction = run.progress?.fraction ?? 0;
    return html`<span class="going">
      ${label} <progress max="1" .value=${fraction} aria-label=${label}></progress>
      <span class="number">${Math.round(100 * fraction)} %</span>
      <button data-place=${place} ?disabled=${whyNotOperate() !== undefined} aria-disabled=${run.isCancelling || nothing} aria-label="Cancel: ${label}" @click=${() => run.cancel()}>Cancel</button>
    </span>`;
  }

  #format(format: keyof typeof FORMATS) {
    const label = FORMATS[format];
    const made = this.made[format];
    if (made)
      return html`<a class="button" data-place=${format} href=${made.href} download=${made.name}>${label}</a>`;
    const [making] = runsWith(this.recording, "export").filter(
      ({ input }) => Object(input).format === format,
    );
    if (making && !making.isOver) return this.#going(making, `${label} export`, format);
    return html`<button data-place=${format} ?disabled=${whyNotOperate() !== undefined} @click=${() => this.#export(format)}>${label}</button>`;
  }

  /** Who asked for it gets it when it is made. */
  #export(format: keyof typeof FORMATS): Promise<void> {
    return this.#try(async () => {
      const { recorder, id } = this.recording;
      const run = runsOf(recorder).start("export", { id, format });
      await over(run);
      const failure = failureOf(run);
      if (failure) throw new Error(failure);
      const { name, href } = Object(run.output);
      if (run.status === "completed")
        download(new URL(String(href), recorder.url).href, String(name));
    });
  }

  readonly #remove = () =>
    this.#try(async () => {
      const { id } = this.recording;
      await remove(this.recording);
      if (this.recording.id === id) this.dispatchEvent(new Event("deleted"));
    });

  async #try(deed: () => Promise<void>): Promise<void> {
    this.problem = "";
    try {
      await deed();
    } catch (error) {
      this.problem = sentenceOf(error);
    }
  }
}
