import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { account, mayOperate, whyNotOperate } from "../things/account.ts";
import { sentenceOf } from "../things/sentence-of.ts";
import { server, Watching } from "../things/server.ts";

/** The lamp of a Thing: live, idle, starting, degraded with its reason, or failed with that and a way to try again. */
@customElement("thing-lamp")
export class ThingLamp extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        position: relative; /* of what is unseen */
        display: inline-flex;
        align-items: center;
        gap: 8px;
        min-width: 0;
      }
      .lamp {
        box-shadow: none;
      }
      .word {
        color: var(--quiet);
        white-space: nowrap;
      }
      [data-state="failed"] ~ :is(.word, .reason) {
        color: var(--lost);
      }
      [data-state="degraded"] ~ :is(.word, .reason) {
        color: var(--stale);
      }
      .reason {
        overflow-wrap: anywhere;
      }
      :host([full]) .reason {
        flex: 1 1 0;
      }
    `,
  ];

  /** Name of the Thing. */
  @property() accessor name = "";
  /** Whether there is room for the reason and the button. */
  @property({ type: Boolean }) accessor full = false;
  @state() accessor isTrying = false;
  @state() accessor refused: string | undefined;
  readonly watching = new Watching(this, server, account);

  override render() {
    const { state, word, reason } = server.lampOf(this.name);
    const isFailed = state === "failed" && server.problem === undefined;
    const hasReason = this.full && (isFailed || state === "degraded");
    return html`
      <span class="lamp" data-state=${state} title=${reason ?? nothing}></span>
      <span class=${hasReason ? "unseen" : "word"}>${word}</span>
      ${hasReason ? html`<span class="reason">${this.refused ?? reason}</span>` : nothing}
      ${
        this.full && isFailed
          ? html`
              <button
                ?disabled=${!mayOperate()}
                aria-disabled=${this.isTrying || nothing}
                title=${whyNotOperate() ?? nothing}
                @click=${this.#retry}
              >
                ${this.isTrying ? "Trying" : "Retry"}
              </button>
            `
          : nothing
      }
    `;
  }

  readonly #retry = async () => {
    if (this.isTrying) return;
    this.isTrying = true;
    this.refused = undefined;
    try {
      await server.retry(this.name);
    } catch (error) {
      this.refused = sentenceOf(error);
    }
    this.isTrying = false;
  };
}
