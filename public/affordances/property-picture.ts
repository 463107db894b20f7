import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { RemoteBlob } from "../../src/client/index.ts";
import "../schema/blob-view.ts";
import { shared } from "../style/shared.ts";
import type { LiveThing } from "../things/live-thing.ts";

/** A property that is a picture: fetched when somebody wants to see it. */
@customElement("property-picture")
export class PropertyPicture extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        justify-items: start;
        gap: 6px;
      }
    `,
  ];

  @property({ attribute: false }) accessor thing!: LiveThing;
  @property() accessor name = "";
  /** Media type. */
  @property() accessor type = "";
  @state() accessor #blob: RemoteBlob | undefined;
  @state() accessor #problem = "";
  @state() accessor #isComing = false;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("thing") || changed.has("name")) this.#blob = undefined;
  }

  override render() {
    return html`
      ${this.#blob ? html`<blob-view .blob=${this.#blob} .name=${this.name}></blob-view>` : ""}
      <button type="button" ?disabled=${this.#isComing} @click=${this.#show}>
        ${this.#blob ? "Show again" : "Show"}
      </button>
      ${this.#problem && html`<p class="problem" role="alert">${this.#problem}</p>`}
    `;
  }

  readonly #show = async (): Promise<void> => {
    this.#isComing = true;
    try {
      const property = this.thing.client?.properties[this.name];
      const signal = AbortSignal.timeout(30_000);
      this.#blob = await property?.readAs(this.type.split(";")[0] ?? "", { signal });
      this.#problem = "";
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
    }
    this.#isComing = false;
  };
}
