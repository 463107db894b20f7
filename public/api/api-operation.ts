import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import type { Operation } from "./operation.ts";
import { schemaLines } from "./schema-lines.ts";
import "./try-form.ts";

/** One operation in a line; opened, all about it. */
@customElement("api-operation")
export class ApiOperation extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        scroll-margin-top: 16px;
        --method: var(--live);
      }
      :host([hidden]) {
        display: none;
      }
      details[data-method="PUT"] {
        --method: var(--stale);
      }
      details[data-method="POST"] {
        --method: var(--accent);
      }
      details[data-method="DELETE"] {
        --method: var(--lost);
      }
      summary {
        display: grid;
        grid-template-columns: 60px minmax(0, 2fr) minmax(0, 3fr);
        gap: 4px 12px;
        align-items: baseline;
        padding: 9px 16px;
        cursor: pointer;
        list-style: none;
      }
      summary::-webkit-details-marker {
        display: none;
      }
      summary:hover {
        background: var(--raised);
      }
      .method {
        color: var(--method);
        font: 600 12px var(--mono);
      }
      .path {
        font-size: 13px;
        overflow-wrap: anywhere;
      }
      .path em {
        color: var(--accent);
        font-style: normal;
      }
      .what {
        color: var(--quiet);
        overflow-wrap: anywhere;
      }
      .body {
        display: grid;
        grid-template-columns: minmax(0, 2fr) minmax(0, 3fr);
        gap: 12px 32px;
        padding: 8px 16px 20px;
      }
      .facts {
        grid-column: 1 / -1;
        color: var(--quiet);
      }
      .role {
        margin-right: 8px;
        padding: 1px 8px;
        border: 1px solid var(--edge);
        border-radius: 10px;
        font-size: 12px;
      }
      h3 {
        margin: 12px 0 4px;
        color: var(--quiet);
        font-size: 12px;
        font-weight: 600;
      }
      .schema p {
        overflow-wrap: anywhere;
      }
      .schema .required {
        color: var(--lost);
      }
      .schema .type {
        color: var(--accent);
      }
      .schema .limits,
      .schema .about {
        color: var(--quiet);
      }
      .schema .about:not(:empty) {
        display: block;
      }
      .inner {
        padding-left: 12px;
        border-left: 1px solid var(--line);
      }
      @media (max-width: 860px) {
        summary {
          grid-template-columns: 60px minmax(0, 1fr);
        }
        .what {
          grid-column: 2;
        }
        .body {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor operation!: Operation;
  /** The OpenAPI document: where references lead to. */
  @property({ attribute: false }) accessor document: object = {};
  @property({ type: Boolean }) accessor open = false;

  override render() {
    const { method, path, summary } = this.operation;
    return html`<details data-method=${method} ?open=${this.open} @toggle=${this.#toggled}>
      <summary>
        <span class="method">${method}</span>
        <code class="path">${pathParts(path)}</code>
        <span class="what">${summary}</span>
      </summary>
      ${this.open ? this.#body() : nothing}
    </details>`;
  }

  readonly #toggled = (event: Event): void => {
    this.open = (event.target as HTMLDetailsElement).open;
    if (this.open) history.replaceState(undefined, "", `#${this.operation.id}`);
  };

  #body() {
    const { document, operation } = this;
    const { role, description, parameters, request, status, answer } = operation;
    return html`<div class="body">
      <p class="facts"><span class="role" title="The role that is needed">${role}</span>${description}</p>
      <div>
        ${parameters.length > 0 ? html`<h3>Parameters</h3>` : nothing}
        ${parameters.map(({ name, description, required = false, schema }) =>
          schemaLines({ ...schema, description }, document, { name, isRequired: required }),
        )}
        ${request ? html`<h3>Body</h3>${schemaLines(request.schema, document)}` : nothing}
        <h3>Answer ${status}</h3>
        <p><code>${answer?.types.join(", ")}</code></p>
        ${answer?.schema === undefined ? nothing : schemaLines(answer.schema, document)}
      </div>
      <try-form .operation=${operation} .document=${document}></try-form>
    </div>`;
  }
}

/** A path may be broken behind each slash, and its parameters stand out. */
function pathParts(path: string) {
  return path
    .split(/(?<=\/)/)
    .map((part) => html`${part.startsWith("{") ? html`<em>${part}</em>` : part}<wbr />`);
}
