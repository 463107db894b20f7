import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { RemoteBlob } from "../../src/client/remote-blob.ts";
import type { Refused } from "../affordances/refusals.ts";
import "../affordances/invocation-view.ts";
import "../schema/blob-view.ts";
import "../schema/schema-value.ts";
import { shared } from "../style/shared.ts";
import { spanOf } from "../things/time-words.ts";
import { type Answer, answerTo, MOST_BYTES } from "./answer.ts";
import type { Operation, Request } from "./operation.ts";
import "./server-events.ts";

const MOST_TEXT = 20_000;
/** Sends a request and shows what comes back: a value, text, a picture, a file, an invocation, or a stream for as long as it is wanted. */
@customElement("api-answer")
export class ApiAnswer extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 8px;
        min-width: 0;
        margin-top: 12px;
      }
      .status {
        display: flex;
        align-items: center;
        gap: 12px;
        font-weight: 600;
      }
      .status.good {
        color: var(--live);
      }
      .status.bad {
        color: var(--lost);
      }
      pre {
        max-height: 400px;
        margin: 0;
        padding: 8px 12px;
        border-radius: var(--radius);
        background: var(--raised);
        font: 12px/1.5 var(--mono);
        overflow: auto;
        overflow-wrap: anywhere;
        white-space: pre-wrap;
      }
      img {
        max-width: 100%;
        border-radius: var(--radius);
        background: var(--picture);
      }
    `,
  ];

  /** A new one is sent, and the one before is ended. */
  @property({ attribute: false }) accessor request!: Request;
  @property({ attribute: false }) accessor operation!: Operation;
  @property({ attribute: false }) accessor document: object = {};
  @state() accessor #answer: Answer | undefined;
  @state() accessor #problem = "";
  @state() accessor #isOpen = false;
  #end = new AbortController();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("request")) void this.#send();
  }

  override render() {
    const answer = this.#answer;
    const isPicture = this.#isOpen && this.#isStream;
    const stop = html`<button type="button" class="stop" @click=${() => this.#stop()}>Cancel</button>`;
    if (isPicture)
      return html`<p class="status">Streaming ${stop}</p><img src=${this.request.url} alt="The stream" />`;
    return html`
      ${
        answer
          ? html`<p class="status ${answer.status < 400 ? "good" : "bad"}" role="status">
              ${answer.status} ${answer.text} <span class="number quiet">${spanOf(answer.ms)}</span>
              ${this.#isOpen ? stop : nothing}
            </p>`
          : nothing
      }
      ${this.#isOpen && !answer ? html`<p class="status" role="status">Waiting for the answer ${stop}</p>` : nothing}
      ${this.#problem ? html`<p class="status bad" role="alert">${this.#problem}</p>` : nothing}
      ${answer ? this.#shown(answer) : nothing}
    `;
  }

  get #isStream(): boolean {
    const { accept } = this.request;
    return (accept ?? this.operation.answer?.type ?? "").startsWith("multipart/");
  }

  #shown({ headers, body, raw, run, events, type, isCut }: Answer) {
    const { answer } = this.operation;
    return html`
      <pre class="headers">${headers.map(([name, value]) => html`${name}: ${linked(value)}\n`)}</pre>
      ${events ? html`<server-events .stream=${events}></server-events>` : nothing}
      ${run ? html`<invocation-view .invocation=${run}></invocation-view>` : nothing}
      ${
        body === undefined
          ? nothing
          : body instanceof RemoteBlob
            ? html`<blob-view .blob=${body} name="answer"></blob-view>`
            : html`<schema-value
                .schema=${type.includes("problem") ? {} : (answer?.schema ?? {})}
                .root=${this.document}
                .value=${body}
              ></schema-value>`
      }
      ${isCut ? this.#cut() : nothing}
      ${raw ? this.#raw(raw, body !== undefined || run !== undefined) : nothing}
    `;
  }

  #raw(raw: string, isFolded: boolean) {
    const text =
      raw.length > MOST_TEXT
        ? `${raw.slice(0, MOST_TEXT)}\n... ${raw.length - MOST_TEXT} more characters`
        : raw;
    if (!isFolded) return html`<pre class="text">${text}</pre>`;
    return html`<details>
      <summary class="quiet">As it came</summary>
      <pre class="text">${text}</pre>
    </details>`;
  }

  #cut() {
    const { method, url } = this.request;
    return html`<p class="quiet">
      The answer is larger than ${MOST_BYTES / 2 ** 20} MiB: no more of it was read.
      ${method === "GET" ? html`<a href=${url} download>Download it</a>` : nothing}
    </p>`;
  }

  /** An image that is merely removed would go on. */
  #stop(): void {
    const image = this.renderRoot.querySelector("img[alt='The stream']");
    image?.setAttribute("src", "");
    if (this.#isOpen && this.isConnected) this.#problem = "Cancelled.";
    this.#isOpen = false;
    this.#end.abort();
  }

  async #send(): Promise<void> {
    this.#end.abort();
    this.#end = new AbortController();
    const { signal } = this.#end;
    this.#answer = undefined;
    this.#problem = "";
    this.#isOpen = true;
    if (this.#isStream) return;
    try {
      const answer = await answerTo(this.request, signal);
      if (signal.aborted) return;
      this.#answer = answer;
      this.#isOpen = answer.events !== undefined;
      this.#tellRefused(answer);
    } catch (error) {
      if (signal.aborted) return;
      this.#isOpen = false;
      const isGone = error instanceof TypeError;
      this.#problem = isGone ? "The server does not answer." : Object(error).message;
    }
  }

  /** Faults of a body stand beside its fields. */
  #tellRefused({ status, body }: Answer): void {
    const { errors, detail } = Object(body);
    if (status < 400 || !Array.isArray(errors)) return;
    const detailed: Refused = { faults: errors, problem: String(detail) };
    this.dispatchEvent(new CustomEvent("refused", { detail: detailed }));
  }
}

/** Addresses in a header can be followed. */
function linked(value: string) {
  return value
    .split(/(https?:\/\/[^\s>,;]+)/)
    .map((part, n) => (n % 2 === 1 ? html`<a href=${part}>${part}</a>` : part));
}
