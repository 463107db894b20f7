import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { shared } from "../style/shared.ts";
import type { Run } from "../things/run.ts";
import type { Schema } from "../things/td.ts";
import { clockOf, spanOf } from "../things/time-words.ts";
import "./invocation-view.ts";

/** Runs that are over, newest first: each in a line, and whole when it is opened. */
@customElement("invocation-history")
export class InvocationHistory extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        min-width: 0;
        font-size: 13px;
      }
      summary {
        cursor: pointer;
      }
      ol {
        max-height: 320px;
        margin: 4px 0 0;
        padding: 0;
        overflow: auto;
        list-style: none;
      }
      li summary {
        display: flex;
        gap: 10px;
        padding: 4px 0;
      }
      li .problem,
      li .what {
        flex: 1;
        min-width: 0;
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      invocation-view {
        padding: 4px 0 8px 12px;
        border-left: 2px solid var(--line);
      }
    `,
  ];

  @property({ attribute: false }) accessor runs: readonly Run[] = [];
  /** Whether there were more, which are not kept here. */
  @property({ attribute: false }) accessor isCut = false;
  /** Of their outputs. */
  @property({ attribute: false }) accessor schema: Schema | undefined;
  @state() accessor #opened: ReadonlySet<Run> = new Set();
  @state() accessor #isOpen = false;

  override render() {
    const toggled = (event: Event) => {
      this.#isOpen = (event.target as HTMLDetailsElement).open;
    };
    return html`<details @toggle=${toggled}>
      <summary class="quiet">Before: ${this.isCut ? "the last " : ""}${this.runs.length}</summary>
      ${
        this.#isOpen
          ? html`<ol>${repeat(
              this.runs,
              (run) => run,
              (run) => this.#row(run),
            )}</ol>`
          : nothing
      }
    </details>`;
  }

  #row(run: Run) {
    const { time, status, elapsedMs, problem } = run;
    const toggled = (event: Event) => {
      event.stopPropagation();
      if (!(event.target as HTMLDetailsElement).open || this.#opened.has(run)) return;
      this.#opened = new Set([...this.#opened, run]);
      void run.complete();
    };
    const isBad = status === "failed" || status === "lost";
    return html`<li>
      <details @toggle=${toggled}>
        <summary>
          <time class="number quiet">${time === undefined ? "" : clockOf(time)}</time>
          <span class=${isBad ? "problem" : "what"}>${isBad ? problem : status}</span>
          <span class="number quiet">${elapsedMs === undefined ? "" : spanOf(elapsedMs)}</span>
        </summary>
        ${
          this.#opened.has(run)
            ? html`<invocation-view .invocation=${run} .schema=${this.schema}></invocation-view>`
            : nothing
        }
      </details>
    </li>`;
  }
}
