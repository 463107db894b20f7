import { css, html, LitElement, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { type Refused, refusalsOf } from "../affordances/refusals.ts";
import "../schema/schema-input.ts";
import type { SchemaInput } from "../schema/schema-input.ts";
import { shared } from "../style/shared.ts";
import "./api-answer.ts";
import {
  curlOf,
  type Filled,
  isComplete,
  isJson,
  type Operation,
  type Parameter,
  type Request,
  requestOf,
} from "./operation.ts";

const COPIED_MS = 1500;

/** The fields of one operation, the command that follows from them, and what the server answers. */
@customElement("try-form")
export class TryForm extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      form {
        display: grid;
        gap: 10px;
      }
      .name {
        display: block;
        font-size: 12px;
      }
      .command {
        position: relative;
      }
      pre {
        margin: 0;
        padding: 10px 84px 10px 12px;
        border-radius: var(--radius);
        background: var(--raised);
        font: 12px/1.5 var(--mono);
        overflow-wrap: anywhere;
        white-space: pre-wrap;
      }
      .copy {
        position: absolute;
        top: 4px;
        right: 4px;
      }
      .send {
        display: flex;
        align-items: center;
        gap: 12px;
      }
    `,
  ];

  @property({ attribute: false }) accessor operation!: Operation;
  @property({ attribute: false }) accessor document: object = {};
  @query(".body") accessor bodyField!: SchemaInput | null;
  @query(".curl") accessor curlElement!: HTMLElement;
  @state() accessor #parameters: Readonly<Record<string, unknown>> = {};
  @state() accessor #body: unknown;
  @state() accessor #accept: string | undefined;
  @state() accessor #sent: Request | undefined;
  @state() accessor #refused: Refused | undefined;
  @state() accessor #copied = "Copy";

  override render() {
    const { operation, document } = this;
    const { parameters, request, method, answer, status } = operation;
    if (status === "101")
      return html`<p class="quiet">A WebSocket: programs open it, this page does not.</p>`;
    const types = answer?.types.filter((type) => !type.includes("*")) ?? [];
    const { fields } = refusalsOf(this.#refused, request?.schema);
    const command = curlOf(this.#request, operation);
    return html`
      <form novalidate @submit=${this.#submit}>
        ${parameters.map((parameter) => this.#parameter(parameter))}
        ${request ? this.#bodyField(request.type, request.schema, fields) : nothing}
        ${types.length > 1 ? this.#answerType(types) : nothing}
        <div class="command">
          <pre class="curl">${command}</pre>
          <button type="button" class="copy" @click=${this.#copy}>${this.#copied}</button>
        </div>
        ${
          command.includes("$TOKEN")
            ? html`<p class="quiet">For <code>TOKEN</code>: <code>export TOKEN=$(thingscope tokens create --role ${operation.role})</code></p>`
            : nothing
        }
        <div class="send">
          <button type="submit" class="first" ?disabled=${!isComplete(operation, this.#filled)}>Send</button>
          ${method === "GET" ? nothing : html`<span class="quiet">This acts on the instrument itself.</span>`}
        </div>
      </form>
      ${
        this.#sent
          ? html`<api-answer
              .request=${this.#sent}
              .operation=${operation}
              .document=${document}
              @refused=${(event: CustomEvent<Refused>) => {
                this.#refused = event.detail;
              }}
            ></api-answer>`
          : nothing
      }
    `;
  }

  get #filled(): Filled {
    return { parameters: this.#parameters, body: this.#body, accept: this.#accept };
  }

  get #request(): Request {
    return requestOf(this.operation, this.#filled, rootUrl());
  }

  #parameter({ name, required = false, schema }: Parameter) {
    const set = (event: Event) => {
      this.#parameters = { ...this.#parameters, [name]: (event.target as SchemaInput).value };
    };
    return html`<div>
      <span class="name"><code>${name}</code> ${required ? nothing : html`<span class="quiet">optional</span>`}</span>
      <schema-input
        plain
        .label=${name}
        .schema=${schema ?? {}}
        .root=${this.document}
        .value=${this.#parameters[name]}
        .required=${required}
        @input=${set}
        @change=${set}
      ></schema-input>
    </div>`;
  }

  #bodyField(type: string, schema: unknown, refusals: unknown) {
    if (!isJson(type) && !type.startsWith("text/")) {
      const choose = (event: Event) => {
        this.#body = (event.target as HTMLInputElement).files?.[0];
      };
      return html`<input type="file" aria-label="Body" @change=${choose} />`;
    }
    const set = (event: Event) => {
      this.#body = (event.target as SchemaInput).value;
    };
    return html`<schema-input
      class="body"
      label="Body"
      .schema=${schema ?? {}}
      .root=${this.document}
      .required=${this.operation.isBodyRequired || isJson(type)}
      .refusals=${refusals}
      @input=${set}
      @change=${set}
    ></schema-input>`;
  }

  #answerType(types: readonly string[]) {
    const choose = (event: Event) => {
      const { value } = event.target as HTMLSelectElement;
      this.#accept = value === types[0] ? undefined : value;
    };
    return html`<label class="name">
      Answer as
      <select @change=${choose}>${types.map((type) => html`<option>${type}</option>`)}</select>
    </label>`;
  }

  /** What the fields began as stands in the command, too. */
  override async firstUpdated(): Promise<void> {
    await this.bodyField?.updateComplete;
    this.#body = this.bodyField?.value;
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    if (this.bodyField && !this.bodyField.check()) return;
    this.#refused = undefined;
    this.#sent = this.#request;
  };

  /** Pages that are not served over HTTPS have no clipboard, off loopback: there the text is selected instead. */
  readonly #copy = async (): Promise<void> => {
    getSelection()?.selectAllChildren(this.curlElement);
    const copied = await navigator.clipboard?.writeText(this.curlElement.textContent ?? "").then(
      () => true,
      () => false,
    );
    this.#copied = copied ? "Copied" : "Selected";
    setTimeout(() => {
      this.#copied = "Copy";
    }, COPIED_MS);
  };
}

/** Where this server begins, without a slash at the end: a proxy may have put it below another path. */
function rootUrl(): string {
  const { openapi = "openapi.json" } = document.body.dataset;
  return new URL(openapi, location.href).href.replace(/\/openapi\.json$/, "");
}
