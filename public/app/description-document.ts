import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { affordancesOf, type JsonObject, titleOf, typesOf } from "../things/td.ts";

/** A Thing Description or a Thing Model as a table: what it has, of which type and unit. */
@customElement("description-document")
export class DescriptionDocument extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: 12px;
      }
      h1,
      h2 {
        margin: 0;
      }
      h1 {
        font-size: 22px;
        font-weight: 600;
      }
      dl {
        display: grid;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--panel);
      }
      .row {
        display: grid;
        grid-template-columns: minmax(0, 240px) minmax(0, 180px) minmax(0, 1fr);
        gap: 4px 16px;
        padding: 8px 12px;
      }
      .row + .row {
        border-top: 1px solid var(--line);
      }
      dt {
        font-family: var(--mono);
        overflow-wrap: anywhere;
      }
      dd {
        color: var(--quiet);
        overflow-wrap: anywhere;
      }
      @media (max-width: 640px) {
        .row {
          grid-template-columns: 1fr;
        }
      }
    `,
  ];

  @property({ attribute: false }) accessor description: JsonObject = {};
  /** Only what it is called, as one of a list. */
  @property({ type: Boolean }) accessor short = false;

  override render() {
    const { title, description } = this.description;
    const self = selfOf(this.description);
    const name = self === undefined ? String(title) : html`<a href=${self}>${String(title)}</a>`;
    const types = typesOf(this.description).join(", ");
    return html`
      ${this.short ? html`<h2>${name}</h2>` : html`<h1>${String(title)}</h1>`}
      ${types ? html`<p class="quiet">${types}</p>` : nothing}
      ${typeof description === "string" ? html`<p>${description}</p>` : nothing}
      ${this.short ? nothing : this.#affordances()}
    `;
  }

  #affordances() {
    const { properties, actions, events } = affordancesOf(this.description);
    return [
      section("Properties", properties, typeOf),
      section("Actions", actions, ({ input, output }) =>
        [input && `takes ${typeOf(Object(input))}`, output && `gives ${typeOf(Object(output))}`]
          .filter(Boolean)
          .join(", "),
      ),
      section("Events", events, ({ data }) => (data ? typeOf(Object(data)) : "")),
    ];
  }
}

function section(
  heading: string,
  members: ReadonlyMap<string, JsonObject>,
  typeOfMember: (member: JsonObject) => string,
): TemplateResult | typeof nothing {
  if (members.size === 0) return nothing;
  return html`
    <h2>${heading}</h2>
    <dl>
      ${[...members].map(
        ([name, member]) => html`<div class="row">
          <dt>${name}</dt>
          <dd>${typeOfMember(member)}</dd>
          <dd>${sentenceOf(name, member)}</dd>
        </div>`,
      )}
    </dl>
  `;
}

function sentenceOf(name: string, member: JsonObject): string {
  const { description } = member;
  const title = titleOf(name, member);
  return typeof description === "string" && description !== title
    ? `${title}. ${description}`
    : title;
}

function typeOf({ type, unit, readOnly, enum: values, oneOf }: JsonObject): string {
  const kind =
    typeof type === "string" ? type : values ? "one of a list" : oneOf ? "variants" : "any";
  return [kind, unit, readOnly ? "read-only" : undefined]
    .filter((part) => typeof part === "string")
    .join(", ");
}

/** Where the description itself is, as the forms of all properties tell, or the base. */
function selfOf({ base, forms }: JsonObject): string | undefined {
  const list: readonly unknown[] = Array.isArray(forms) ? forms : [];
  const href = list.map((form) => String(Object(form).href ?? "")).find((it) => it.startsWith("/"));
  const [, path] = /^(.*\/)[^/]*$/.exec(href ?? "") ?? [];
  if (path === undefined || typeof base !== "string") return undefined;
  return URL.parse(path, base)?.pathname;
}
