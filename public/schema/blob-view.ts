import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { RemoteBlob } from "../../src/client/index.ts";
import { bytes } from "../style/quantities.ts";
import { shared } from "../style/shared.ts";
import { sentenceOf } from "../things/sentence-of.ts";

/** Bytes that a Thing gave: shown if they are a picture, and to be downloaded. */
@customElement("blob-view")
export class BlobView extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        justify-items: start;
        gap: 6px;
      }
      img {
        max-width: 100%;
        max-height: 320px;
        border-radius: var(--radius);
        background: var(--picture);
      }
    `,
  ];

  @property({ attribute: false }) accessor blob!: RemoteBlob;
  /** What it is called when it is saved. */
  @property() accessor name = "";
  @state() accessor #url: string | undefined;
  @state() accessor #size = 0;
  @state() accessor #problem = "";
  #end = new AbortController();

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("blob")) return;
    this.#release();
    if (this.#isPicture) void this.#load();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated && this.#isPicture && !this.#url) void this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#release();
  }

  override render() {
    const { mediaType, description } = this.blob;
    const size = this.#size > 0 ? `, ${bytes(this.#size)}` : "";
    return html`
      ${this.#isPicture && this.#url ? html`<img src=${this.#url} alt=${description || this.name || "Picture"} />` : ""}
      <button type="button" @click=${this.#save}>Download</button>
      <span class="quiet">${description} ${mediaType}${size}</span>
      ${this.#problem && html`<p class="problem" role="alert">${this.#problem}</p>`}
    `;
  }

  get #isPicture(): boolean {
    return /^image\/(png|jpeg|gif|webp|bmp|avif)/.test(this.blob.mediaType);
  }

  async #load(): Promise<string | undefined> {
    if (this.#url) return this.#url;
    const { signal } = this.#end;
    try {
      const content = await this.blob.bytes(signal);
      if (signal.aborted) return undefined;
      // A page of another kind, such as HTML, would be one of this origin: it is only ever saved.
      const type = this.#isPicture ? this.blob.mediaType : "application/octet-stream";
      this.#url = URL.createObjectURL(new Blob([new Uint8Array(content)], { type }));
      this.#size = content.length;
      this.#problem = "";
    } catch (error) {
      if (!signal.aborted) this.#problem = sentenceOf(error);
    }
    return this.#url;
  }

  readonly #save = async (): Promise<void> => {
    const href = await this.#load();
    if (!href) return;
    const ending = /^[a-z]+\/(?:x-)?([a-z0-9]{1,8})\b/.exec(this.blob.mediaType)?.[1] ?? "bin";
    const link = document.createElement("a");
    const name = this.name.replaceAll(/[^\p{L}\p{N}._-]+/gu, "_") || "result";
    Object.assign(link, { href, download: `${name}.${ending === "jpeg" ? "jpg" : ending}` });
    link.click();
  };

  #release(): void {
    this.#end.abort();
    this.#end = new AbortController();
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = undefined;
  }
}
