import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { account } from "../things/account.ts";
import { Watching } from "../things/server.ts";
import "./delete-button.ts";
import type { Recording } from "./recording.ts";
import {
  canExport,
  canVerify,
  download,
  exportAs,
  remove,
  type Verdict,
  verify,
} from "./recording-deeds.ts";

const FORMATS = { mp4: "MP4", webm: "WebM" } as const;

/** What can be done with one recording: verify, download in each format, its ledger, delete. */
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
      progress {
        width: 90px;
        accent-color: var(--accent);
      }
    `,
  ];

  @property({ attribute: false }) accessor recording!: Recording;
  /** Files that were made of it already, by format. */
  @property({ attribute: false }) accessor made: Readonly<Record<string, Recording>> = {};
  @state() accessor verdict: Verdict | undefined;
  @state() accessor isVerifying = false;
  @state() accessor exporting: Readonly<Record<string, number>> = {};
  @state() accessor problem = "";
  readonly watching = new Watching(this, account);

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("recording");
    if (before === undefined || before.id === this.recording.id) return;
    this.verdict = undefined;
    this.problem = "";
  }

  override render() {
    const { recording, verdict } = this;
    const { kind, href, name, parts, isGrowing } = recording;
    return html`
      <div class="row">
        ${canVerify(recording) ? html`<button ?disabled=${this.isVerifying || isGrowing} @click=${this.#verify}>${this.isVerifying ? "Verifying" : "Verify"}</button>` : nothing}
        ${verdict ? html`<span class="badge ${verdict.ok ? "" : "bad"}" role="status">${verdict.frames} of ${verdict.expected} frames</span>` : nothing}
        <a class="button" href=${href} download=${name}>${kind === "mkv" ? "MKV" : kind === "still" ? "JPEG" : "Video"}</a>
        ${canExport(recording) ? Object.keys(FORMATS).map((format) => this.#format(format as keyof typeof FORMATS)) : nothing}
        ${["ledger.csv", "ledger.json"].map((part) =>
          parts[part]
            ? html`<a class="button" href=${parts[part]} download="${name}.${part}">${part === "ledger.csv" ? "Ledger CSV" : "JSON"}</a>`
            : nothing,
        )}
        ${account.role === "admin" ? html`<delete-button ?disabled=${isGrowing} @delete=${this.#remove}></delete-button>` : nothing}
      </div>
      ${verdict && !verdict.ok ? html`<p class="problem">${verdict.sentence}</p>` : nothing}
      ${recording.making.map(({ format, state, reason }) =>
        state === "failed"
          ? html`<p class="problem failed">No ${FORMATS[format as keyof typeof FORMATS] ?? format}: ${reason}</p>`
          : html`<p class="quiet">${FORMATS[format as keyof typeof FORMATS] ?? format}: ${state}</p>`,
      )}
      <p class="problem" role="alert">${this.problem}</p>
    `;
  }

  #format(format: keyof typeof FORMATS) {
    const label = FORMATS[format];
    const made = this.made[format];
    if (made) return html`<a class="button" href=${made.href} download=${made.name}>${label}</a>`;
    const fraction = this.exporting[format];
    if (fraction === undefined)
      return html`<button @click=${() => this.#export(format)}>${label}</button>`;
    return html`<button disabled>
      ${label} <progress max="1" .value=${fraction} aria-label="${label} export"></progress>
      ${Math.round(100 * fraction)} %
    </button>`;
  }

  readonly #verify = () =>
    this.#try(async () => {
      const { recording } = this;
      this.isVerifying = true;
      const verdict = await verify(recording).finally(() => {
        this.isVerifying = false;
      });
      if (recording.id === this.recording.id) this.verdict = verdict;
    });

  #export(format: keyof typeof FORMATS): Promise<void> {
    const tell = (fraction: number | undefined) => {
      const { [format]: _, ...others } = this.exporting;
      this.exporting = fraction === undefined ? others : { ...others, [format]: fraction };
    };
    return this.#try(async () => {
      tell(0);
      const { href, name } = await exportAs(this.recording, format, tell).finally(() =>
        tell(undefined),
      );
      download(href, name);
    });
  }

  readonly #remove = () => this.#try(() => remove(this.recording));

  async #try(deed: () => Promise<void>): Promise<void> {
    this.problem = "";
    try {
      await deed();
    } catch (error) {
      this.problem = String(Object(error).message);
    }
  }
}
