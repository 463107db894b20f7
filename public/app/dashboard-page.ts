import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { firstPicture } from "../frames/pictures.ts";
import { shared } from "../style/shared.ts";
import { reloadOnce } from "../things/reload.ts";
import { server, Watching } from "../things/server.ts";
import { address } from "./address.ts";
import "./bench-view.ts";
import "./connection-banner.ts";
import { viewLink } from "./view-link.ts";
import "./wall-view.ts";

/** The controls wait for the first picture no longer than this, ms. */
const PICTURE_FIRST_MS = 500;

/** What each view is called and shows. */
const VIEWS: ReadonlyMap<string, { readonly title: string; readonly show: () => TemplateResult }> =
  new Map([
    ["bench", { title: "Bench", show: () => html`<bench-view></bench-view>` }],
    ["wall", { title: "Wall", show: () => html`<wall-view role="main"></wall-view>` }],
    [
      "recordings",
      {
        title: "Recordings",
        show: () => html`<recordings-view .selected=${address.get("recording")}></recordings-view>`,
      },
    ],
    ["things", { title: "Things", show: () => html`<things-view></things-view>` }],
  ]);

/** The dashboard: what is shown stands in the address, `?view=`. */
@customElement("dashboard-page")
export class DashboardPage extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template: auto auto minmax(0, 1fr) / minmax(0, 1fr);
        height: 100dvh;
      }
      header {
        display: flex;
        align-items: center;
        gap: 4px 20px;
        min-height: 44px;
        padding: 0 16px;
        border-bottom: 1px solid var(--line);
        background: var(--panel);
      }
      header strong {
        font-size: 15px;
      }
      .how {
        display: flex;
        align-items: center;
        gap: 10px;
        min-width: 0;
        min-height: 44px;
        padding-left: 3px; /* the lamp's glow */
        color: var(--text);
        text-decoration: none;
      }
      .how:hover span:last-child {
        text-decoration: underline;
        text-underline-offset: 3px;
      }
      .how span:last-child {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .how [data-state="failed"] + span {
        color: var(--lost);
      }
      nav {
        display: flex;
        gap: 4px;
        margin-left: auto;
      }
      nav a {
        padding: 11px 8px;
        color: var(--quiet);
        text-decoration: none;
      }
      nav a:hover {
        color: var(--text);
      }
      nav a[aria-current] {
        color: var(--text);
        box-shadow: inset 0 -2px var(--accent);
      }
      @media (max-width: 640px) {
        header {
          flex-wrap: wrap;
          padding: 0 12px;
        }
        .how {
          flex: 1;
          min-height: 36px;
        }
        account-menu {
          padding-top: 4px; /* its button is as high as a finger */
        }
        nav {
          order: 1;
          flex-basis: 100%;
          justify-content: space-between;
          margin: 0;
        }
      }
    `,
  ];
  @state() accessor lacksParts = false;
  readonly watching = new Watching(this, server, address);

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("recording-change", (event) => {
      const { id } = (event as CustomEvent<{ id: string | undefined }>).detail;
      address.go({ view: "recordings", recording: id });
    });
    server.start();
    void this.#loadWhatIsBeside();
  }

  override render() {
    const wanted = address.get("view") ?? "bench";
    const view = VIEWS.has(wanted) ? wanted : "bench";
    const { state, word, reason } = server.lamp;
    return html`
      <header>
        <strong>Thingscope</strong>
        <a class="how" href=${document.body.dataset.health ?? "health"} title=${reason ?? "Health"}>
          <span class="lamp" data-state=${state}></span>
          <span role="status">${word}${reason ? `: ${reason}` : ""}</span>
        </a>
        <nav aria-label="Views">
          ${[...VIEWS].map(([name, { title }]) =>
            viewLink({ view: name === "bench" ? undefined : name }, name === view, title),
          )}
          <a href="docs">API</a>
        </nav>
        <account-menu></account-menu>
      </header>
      <connection-banner .lacksParts=${this.lacksParts}></connection-banner>
      ${VIEWS.get(view)!.show()}
    `;
  }

  override updated(): void {
    const { title } = VIEWS.get(address.get("view") ?? "bench") ?? VIEWS.get("bench")!;
    document.title = title === "Bench" ? "Thingscope" : `${title} · Thingscope`;
  }

  /** What is loaded at once takes the connections and the processor from the picture: it comes first, if there is one soon. */
  async #loadWhatIsBeside(): Promise<void> {
    const view = address.get("view") ?? "bench";
    if (view === "bench" || view === "wall") {
      await Promise.race([firstPicture, hasNoCamera(), pause(PICTURE_FIRST_MS)]);
    }
    const later = document.querySelector<HTMLTemplateElement>("#later");
    if (later) document.head.append(later.content);
    await import("./beside-the-picture.ts").catch(() => this.#lackParts());
  }

  /** A browser that could not load a module does not try again before the page is loaded again. */
  #lackParts(): void {
    this.lacksParts = true;
    server.addEventListener("back", () => reloadOnce("pages"));
  }
}

function hasNoCamera(): Promise<void> {
  return new Promise((resolve) => {
    server.addEventListener("change", () => {
      if (server.isKnown && server.cameras.length === 0) resolve();
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
