import { css, html, LitElement, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";
import { repeat } from "lit/directives/repeat.js";
import "../elements/thing-view.ts";
import { shared } from "../style/shared.ts";
import { server, Watching } from "../things/server.ts";
import { titleOf, typesOf } from "../things/td.ts";
import { address } from "./address.ts";
import "./thing-lamp.ts";
import { viewLink } from "./view-link.ts";

/** Every Thing with its lamp, and all that one of them has. */
@customElement("things-view")
export class ThingsView extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: 300px minmax(0, 1fr);
        height: 100%;
        min-height: 0;
      }
      nav {
        padding: 8px;
        overflow: auto;
        border-right: 1px solid var(--line);
      }
      nav a {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 12px;
        padding: 8px 10px;
        border-radius: var(--radius);
        color: var(--text);
        text-decoration: none;
      }
      nav a[aria-current] {
        background: var(--panel);
        box-shadow: inset 2px 0 var(--accent);
      }
      nav small {
        color: var(--quiet);
        font-size: 12px;
      }
      main {
        padding: 16px 24px;
        overflow: auto;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: 4px 16px;
        max-width: 1100px;
        margin-bottom: 12px;
      }
      h1 {
        margin: 0;
        font-size: 20px;
        font-weight: 600;
      }
      .head p {
        flex-basis: 100%;
      }
      .none {
        overflow-wrap: anywhere;
      }
      thing-view {
        max-width: 1100px;
      }
      @media (max-width: 760px) {
        :host {
          display: block;
          overflow: auto;
        }
        nav {
          border: 0;
          border-bottom: 1px solid var(--line);
        }
        main {
          padding: 12px;
        }
      }
    `,
  ];
  readonly watching = new Watching(this, server, address);

  override render() {
    const { all } = server;
    const wanted = address.get("thing");
    const name = wanted ?? [...all.keys()][0];
    return html`
      <nav aria-label="Things">
        ${repeat(
          all,
          ([other]) => other,
          ([other]) => this.#link(other, other === name),
        )}
      </nav>
      <main>${name !== undefined && all.has(name) ? this.#thing(name) : this.#none(wanted)}</main>
    `;
  }

  #link(name: string, isShown: boolean) {
    const { td } = server.all.get(name)!;
    const what = typesOf(td)[0] ?? String(td.title ?? "");
    return viewLink(
      { thing: name },
      isShown,
      html`<span>${name}</span><thing-lamp .name=${name}></thing-lamp><small>${what}</small>`,
    );
  }

  #thing(name: string) {
    const thing = server.all.get(name)!;
    const { description } = thing.td;
    return html`
      <div class="head">
        <h1>${titleOf(name, thing.td)}</h1>
        <thing-lamp full .name=${name}></thing-lamp>
        <a href=${thing.url}>Description</a>
        ${typeof description === "string" ? html`<p class="quiet">${description}</p>` : nothing}
      </div>
      ${keyed(name, html`<thing-view .thing=${thing}></thing-view>`)}
    `;
  }

  /** Another than was asked for is not shown: nobody sets a value of the wrong one. */
  #none(wanted: string | undefined) {
    if (!server.isKnown) return nothing;
    if (server.all.size === 0) return html`<p>This server has no Things.</p>`;
    return html`<p class="none" role="status">
      There is no Thing '${wanted?.slice(0, 80)}': it was removed or renamed, or its server cannot be reached. Choose another.
    </p>`;
  }
}
