import { css, html, LitElement } from "lit";
import { customElement } from "lit/decorators.js";
import { shared } from "../style/shared.ts";

/** Where there is no camera: what was looked for, and how to get a picture. */
@customElement("no-camera")
export class NoCamera extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        padding: 32px;
      }
    `,
  ];

  override render() {
    return html`<h1>No camera</h1>`;
  }
}
