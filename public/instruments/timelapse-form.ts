import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { type Read, readNumber } from "../schema/typed-text.ts";
import { KeptKeyboard } from "../style/kept-keyboard.ts";
import { shared } from "../style/shared.ts";
import { whyNotOperate } from "../things/account.ts";
import { FollowingRun, failureOf } from "../things/following-run.ts";
import type { LiveThing } from "../things/live-thing.ts";
import type { Run } from "../things/run.ts";

/** Records a picture each interval, so many times or until it is stopped. */
@customElement("timelapse-form")
export class TimelapseForm extends LitElement {
  static override styles = [
    shared,
    css`
      summary {
        color: var(--quiet);
        cursor: pointer;
      }
      form {
        display: flex;
        flex-wrap: wrap;
        align-items: end;
        gap: 8px;
        padding-top: 8px;
      }
      label {
        display: grid;
        gap: 2px;
        color: var(--quiet);
        font-size: 12px;
      }
      input {
        width: 92px;
      }
    `,
  ];

  @property({ attribute: false }) accessor thing!: LiveThing;
  @state() accessor isOpen = false;
  /** What was typed that is no number. */
  @state() accessor #fault = "";
  readonly keptKeyboard = new KeptKeyboard(this);
  readonly #lapse = new FollowingRun(this, "timelapse");

  override willUpdate(): void {
    this.#lapse.thing = this.thing;
    if (this.#lapse.running) this.isOpen = true;
  }

  override render() {
    const { running, newest } = this.#lapse;
    const locked = whyNotOperate() !== undefined;
    const toggled = ({ target }: Event) => {
      this.isOpen = (target as HTMLDetailsElement).open;
    };
    return html`
      <details ?open=${this.isOpen} @toggle=${toggled}>
        <summary>Timelapse</summary>
        <form @submit=${this.#start}>
          <label>Every, s<input name="interval" inputmode="decimal" autocomplete="off" value="10" required /></label>
          <label>Pictures<input name="count" inputmode="numeric" autocomplete="off" placeholder="no end" /></label>
          ${
            running
              ? html`<button type="button" data-place="start" ?disabled=${locked} aria-disabled=${running.isCancelling || nothing} @click=${() => this.#lapse.cancel()}>Stop</button>`
              : html`<button data-place="start" ?disabled=${locked}>Start</button>`
          }
        </form>
        <p class="quiet" role="status">${wordsOf(newest)}</p>
        <p class="problem" role="alert">${this.#fault || failureOf(newest)}</p>
      </details>
    `;
  }

  /** A browser's own field for numbers drops the comma of `2,5`, and means 25. */
  readonly #start = (event: SubmitEvent) => {
    event.preventDefault();
    const values = new FormData(event.target as HTMLFormElement);
    const [interval, count] = ["interval", "count"].map((name) =>
      readNumber(String(values.get(name))),
    ) as [Read, Read];
    this.#fault = [interval, count]
      .map((read) => ("fault" in read ? read.fault : ""))
      .join(" ")
      .trim();
    if ("fault" in interval || "fault" in count) return;
    this.#lapse.start({
      interval: interval.value,
      ...(count.value !== undefined && { count: count.value }),
    });
  };
}

function wordsOf(run: Run | undefined): string {
  if (run?.status === "completed") return "The timelapse is recorded";
  if (run?.status === "cancelled") return "Stopped: the pictures so far are recorded";
  return run && !run.isOver ? (run.progress?.message ?? "Starting") : "";
}
