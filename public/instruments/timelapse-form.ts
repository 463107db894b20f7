import { css, html, LitElement } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import type { LiveThing } from "../things/live-thing.ts";

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
  @state() accessor running: AbortController | undefined;
  @state() accessor said = "";
  @state() accessor problem = "";

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.running = undefined; // it goes on at the server
  }

  override render() {
    const button = this.running
      ? html`<button type="button" @click=${() => this.running?.abort()}>Stop</button>`
      : html`<button>Start</button>`;
    return html`
      <details>
        <summary>Timelapse</summary>
        <form @submit=${this.#start}>
          <label>Every, s<input name="interval" type="number" min="0.001" step="any" value="10" required /></label>
          <label>Pictures<input name="count" type="number" min="1" step="1" placeholder="no end" /></label>
          ${button}
        </form>
        <p class="quiet" role="status">${this.said}</p>
        <p class="problem" role="alert">${this.problem}</p>
      </details>
    `;
  }

  readonly #start = async (event: SubmitEvent) => {
    event.preventDefault();
    const values = new FormData(event.target as HTMLFormElement);
    const count = values.get("count");
    const input = {
      interval: Number(values.get("interval")),
      ...(count && { count: Number(count) }),
    };
    const running = new AbortController();
    this.running = running;
    this.problem = "";
    const onProgress = (_: number, message = "") => {
      this.said = message;
    };
    try {
      await this.thing.client?.invoke("timelapse", input, { signal: running.signal, onProgress });
      this.said = "The timelapse is recorded";
    } catch (error) {
      if (running.signal.aborted) this.said = "Stopped: the pictures so far are recorded";
      else this.problem = String(Object(error).message);
    }
    if (this.running === running) this.running = undefined;
  };
}
