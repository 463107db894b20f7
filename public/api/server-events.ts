import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { EventStreamParser } from "../../src/client/event-stream.ts";
import "../schema/schema-value.ts";
import { shared } from "../style/shared.ts";
import { clockOf } from "../things/time-words.ts";

const MOST_EVENTS = 100;

interface Message {
  readonly at: number;
  readonly event: string;
  readonly value: unknown;
}

/** Server-sent events as they come, newest first. */
@customElement("server-events")
export class ServerEvents extends LitElement {
  static override styles = [
    shared,
    css`
      ol {
        max-height: 400px;
        margin: 0;
        padding: 0;
        overflow: auto;
        list-style: none;
      }
      li {
        display: grid;
        grid-template-columns: auto minmax(0, auto) minmax(0, 1fr);
        gap: 0 12px;
        padding: 3px 0;
        border-top: 1px solid var(--line);
      }
    `,
  ];

  @property({ attribute: false }) accessor stream!: ReadableStream<Uint8Array>;
  @state() accessor #messages: readonly Message[] = [];
  @state() accessor #status = "Nothing has come yet.";

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("stream")) void this.#read(this.stream);
  }

  override render() {
    return html`<ol aria-label="Events">${repeat(
      this.#messages,
      (message) => message,
      ({ at, event, value }) => html`<li>
        <time class="number quiet">${clockOf(at)}</time>
        <span>${event}</span>
        <schema-value .value=${value}></schema-value>
      </li>`,
    )}</ol>
    <p class="quiet">${this.#messages.length === 0 ? this.#status : ""}</p>`;
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    this.#messages = [];
    const parser = new EventStreamParser();
    const decoder = new TextDecoder();
    const reader = stream.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || stream !== this.stream) break;
        const at = Date.now();
        const come = parser
          .push(decoder.decode(value, { stream: true }))
          .map(({ event, data }) => ({ at, event, value: dataIn(data) }));
        this.#messages = [...come.reverse(), ...this.#messages].slice(0, MOST_EVENTS);
      }
    } catch {
      // cancelled, or the connection is lost: what has come stays
    }
    this.#status = "Nothing came.";
  }
}

function dataIn(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
