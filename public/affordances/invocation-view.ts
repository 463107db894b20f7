import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { RemoteInvocation } from "../../src/client/invocation.ts";
import "../schema/schema-value.ts";
import { KeptKeyboard } from "../style/kept-keyboard.ts";
import { shared } from "../style/shared.ts";
import { mayOperate } from "../things/account.ts";
import { Run, type RunStatus } from "../things/run.ts";
import type { Schema } from "../things/td.ts";
import { spanOf } from "../things/time-words.ts";

const TICK_MS = 100;
/** Of the log, the last lines. */
const MOST_LINES = 200;

const WORDS: Readonly<Record<RunStatus, string>> = {
  sent: "Sent",
  pending: "Waiting",
  running: "Running",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Cancelled",
  refused: "Refused",
  lost: "Lost",
};

/** One run of an action: how far it is, how long it has run, what it logs, Cancel, and what came of it. */
@customElement("invocation-view")
export class InvocationView extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 6px;
        min-width: 0;
      }
      header {
        display: flex;
        align-items: center;
        gap: 8px;
        min-height: 32px;
      }
      header .message {
        flex: 1;
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      progress {
        appearance: none;
        width: 100%;
        height: 4px;
        border: 0;
        border-radius: 2px;
        background: var(--line);
        color: var(--accent);
        overflow: hidden;
      }
      progress::-webkit-progress-bar {
        background: var(--line);
      }
      progress::-webkit-progress-value {
        background: var(--accent);
        transition: width 0.2s linear;
      }
      progress::-moz-progress-bar {
        background: var(--accent);
      }
      progress:indeterminate {
        background: linear-gradient(90deg, var(--line) 35%, var(--accent) 50%, var(--line) 65%) 0 0 / 300% 100%;
        animation: pass 1.6s linear infinite;
      }
      progress:indeterminate::-webkit-progress-bar {
        background: transparent;
      }
      @keyframes pass {
        from {
          background-position: 100% 0;
        }
      }
      @media (prefers-reduced-motion: reduce) {
        progress:indeterminate {
          animation: none;
        }
      }
      .log {
        max-height: 132px;
        margin: 0;
        padding: 6px 8px;
        border-radius: 6px;
        background: var(--raised);
        font: 12px/1.5 var(--mono);
        overflow: auto;
        overflow-wrap: anywhere;
        white-space: pre-wrap;
      }
      .log [data-level="WARNING"] {
        color: var(--stale);
      }
      .log [data-level="ERROR"],
      .log [data-level="CRITICAL"] {
        color: var(--lost);
      }
      [data-status="sent"],
      [data-status="pending"],
      [data-status="running"] {
        --state: var(--accent);
      }
      [data-status="completed"] {
        --state: var(--live);
      }
      [data-status="failed"],
      [data-status="refused"],
      [data-status="lost"] {
        --state: var(--lost);
      }
      [data-status="cancelled"] {
        --state: var(--stale);
      }
    `,
  ];

  @property({ attribute: false }) accessor invocation!: Run | RemoteInvocation;
  /** Of the output. */
  @property({ attribute: false }) accessor schema: Schema | undefined;
  @query(".log") accessor logElement!: HTMLElement | null;
  readonly keptKeyboard = new KeptKeyboard(this);
  #run: Run | undefined;
  #ticking: ReturnType<typeof setInterval> | undefined;
  readonly #update = () => this.requestUpdate();

  override connectedCallback(): void {
    super.connectedCallback();
    this.#run?.addEventListener("change", this.#update);
    this.#ticking = setInterval(() => {
      if (!document.hidden && this.#run && !this.#run.isOver) this.requestUpdate();
    }, TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#run?.removeEventListener("change", this.#update);
    clearInterval(this.#ticking);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("invocation")) return;
    this.#run?.removeEventListener("change", this.#update);
    const { invocation } = this;
    this.#run = invocation instanceof RemoteInvocation ? Run.found(invocation) : invocation;
    this.#run?.addEventListener("change", this.#update);
  }

  override render() {
    const run = this.#run;
    if (!run) return nothing;
    const { status, elapsedMs, isOver, problem, cancelProblem, progress } = run;
    return html`
      <header data-status=${status} data-place="run" tabindex="-1">
        <span class="lamp"></span>
        <span role="status">${WORDS[status]}</span>
        <span class="message quiet">${isOver ? "" : progress?.message}</span>
        <span class="number quiet">${elapsedMs === undefined ? "" : spanOf(elapsedMs)}</span>
        ${
          isOver || !mayOperate()
            ? nothing
            : html`<button type="button" data-place="run" aria-disabled=${run.isCancelling || nothing} @click=${() => run.cancel()}>
                ${run.isCancelling ? "Cancelling" : "Cancel"}
              </button>`
        }
      </header>
      ${isOver ? nothing : this.#bar(progress?.fraction)}
      ${problem && html`<p class=${status === "cancelled" ? "quiet" : "problem"}>${problem}</p>`}
      ${cancelProblem && html`<p class="problem">${cancelProblem}</p>`}
      ${this.#output(run)} ${this.#log(run)}
    `;
  }

  #bar(fraction: number | undefined) {
    return html`<progress aria-label="Progress" max="1" value=${fraction ?? nothing}></progress>`;
  }

  #output({ status, output }: Run) {
    if (status !== "completed" || output === undefined || output === null) return nothing;
    return html`<schema-value class="output" .schema=${this.schema ?? {}} .value=${output}></schema-value>`;
  }

  #log({ log }: Run) {
    if (log.length === 0) return nothing;
    const lines = log.slice(-MOST_LINES);
    const left = log.length - lines.length;
    return html`<div class="log" role="log" aria-label="Log" tabindex="0">${
      left > 0 ? html`<div class="quiet">${left} earlier lines</div>` : nothing
    }${lines.map(({ message, level }) => html`<div data-level=${level}>${message}</div>`)}</div>`;
  }

  /** The newest line is in sight, unless someone reads an older one. */
  override update(changed: PropertyValues<this>): void {
    const log = this.logElement;
    const isAtEnd = !log || log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
    super.update(changed);
    const now = this.logElement;
    if (isAtEnd && now) now.scrollTop = now.scrollHeight;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "invocation-view": InvocationView;
  }
}
