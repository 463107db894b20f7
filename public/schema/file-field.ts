import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { FieldElement, quietly } from "./field-element.ts";
import { fieldStyle } from "./field-style.ts";

/** What fits into one request, bytes. */
const MOST_BYTES = 16_000_000;

/** Bytes in base64: a file of this computer. */
@customElement("file-field")
export class FileField extends FieldElement {
  static override styles = [shared, fieldStyle];
  @state() accessor #name = "";

  override render() {
    const length = typeof this.value === "string" ? Math.floor((this.value.length * 3) / 4) : 0;
    return html`<div class="row">
      <input
        type="file"
        accept=${this.schema.contentMediaType ?? nothing}
        aria-label=${this.label || nothing}
        ?disabled=${this.disabled}
        @input=${quietly}
        @change=${this.#choose}
      />
      ${length > 0 ? html`<span class="about">${this.#name || "A file"}, ${length} bytes</span>` : ""}
    </div>`;
  }

  async #choose(event: Event): Promise<void> {
    event.stopPropagation();
    const [file] = (event.target as HTMLInputElement).files ?? [];
    if (!file) return this.put(undefined);
    this.fault =
      file.size > MOST_BYTES ? `The file has ${file.size} bytes; ${MOST_BYTES} fit.` : undefined;
    if (this.fault) return this.put(undefined);
    this.#name = file.name;
    this.put(base64(new Uint8Array(await file.arrayBuffer())));
  }
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000)
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
