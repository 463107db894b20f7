import { css, html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { retryPictures, versions } from "../frames/pictures.ts";
import { shared } from "../style/shared.ts";
import { reloadOnce } from "../things/reload.ts";
import { server, Watching } from "../things/server.ts";
import { hasNewerPages, isOther } from "../things/version.ts";
import { isBeingFilled } from "./unsent-input.ts";

/**
 * Says that the server is gone, for how long, and that it is tried again. When it is back with other pages, this one is loaded
 * again; while something is being typed, that is offered.
 */
@customElement("connection-banner")
export class ConnectionBanner extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
      }
      p {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 4px 16px;
        padding: 8px 16px;
        background: var(--lost);
        color: var(--panel);
        font-weight: 600;
        forced-color-adjust: none;
      }
      p.fleet {
        background: var(--raised);
        color: var(--text);
      }
      p.newer {
        background: var(--accent);
        color: var(--on-accent);
      }
    `,
  ];
  /** Why newer pages are not loaded without being asked for. */
  @state() accessor newer = "";
  /** Whether modules of the page did not come. */
  @property({ attribute: false }) accessor lacksParts = false;
  readonly watching = new Watching(this, server);
  #lostAt: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #back = () => {
    retryPictures();
    void this.#compare();
  };
  readonly #told = ({ detail }: Event & { readonly detail?: unknown }) => {
    if (typeof detail === "string" && isOther(detail)) void this.#compare();
  };

  override connectedCallback(): void {
    super.connectedCallback();
    server.addEventListener("back", this.#back);
    versions.addEventListener("version", this.#told);
    this.#timer = setInterval(() => {
      if (this.#lostAt || server.fleet.problem) this.requestUpdate();
    }, 1000);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    server.removeEventListener("back", this.#back);
    versions.removeEventListener("version", this.#told);
    clearInterval(this.#timer);
  }

  override willUpdate(): void {
    if (server.problem === undefined) this.#lostAt = undefined;
    else this.#lostAt ??= performance.now();
  }

  override render() {
    if (this.#lostAt !== undefined) {
      const seconds = Math.floor((performance.now() - this.#lostAt) / 1000);
      return html`<p role="alert">
        <span>${server.problem}</span>
        <span class="number" aria-hidden="true">${seconds} s</span>
      </p>`;
    }
    if (this.lacksParts) {
      return html`<p role="alert">
        <span>The controls could not be loaded: the server did not give all files of this page. Reload the page.</span>
        <button @click=${() => location.reload()}>Reload</button>
      </p>`;
    }
    const { problem } = server.fleet;
    if (problem) return html`<p class="fleet" role="status">${problem}</p>`;
    if (!this.newer) return nothing;
    return html`<p class="newer" role="status">
      <span>The server has a newer version of this page. ${this.newer}</span>
      <button @click=${() => location.reload()}>Load it</button>
    </p>`;
  }

  async #compare(): Promise<void> {
    if (!(await hasNewerPages().catch(() => false))) return;
    if (isBeingFilled()) this.newer = "What you have typed is lost when it is loaded.";
    else if (!reloadOnce("pages"))
      this.newer =
        "It was loaded again just now, and an older one came: does a proxy keep old pages?";
  }
}
