import { html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { whyNotOperate } from "../things/account.ts";
import { Following, type LiveThing } from "../things/live-thing.ts";
import { server } from "../things/server.ts";
import { panelStyle } from "./panel-style.ts";
import { gridIn, type ScanGrid } from "./scan-layout.ts";
import type { ScanTile } from "./scan-map.ts";
import "./scan-map.ts";
import { stageControl } from "./stage-control.ts";

const FIELDS = [
  ["columns", "Columns", 3],
  ["rows", "Rows", 3],
  ["overlap", "Overlap, %", 20],
] as const;
const STATES: Readonly<Record<string, string>> = {
  scanning: "Scanning",
  done: "Done",
  cancelled: "Cancelled: its tiles are kept",
  failed: "Failed: its tiles are kept",
  interrupted: "Interrupted: its tiles are kept",
};

/** A scan: what grid, one button, and its tiles on a map as they come. */
@customElement("scan-panel")
export class ScanPanel extends LitElement {
  static override styles = [shared, panelStyle];

  @property({ attribute: false }) accessor thing!: LiveThing;
  @state() accessor problem = "";
  @state() accessor planned: ScanGrid | undefined;
  @state() accessor isStarted = false;
  readonly #following = new Following(this);
  readonly #ofStage = new Following(this);
  readonly #tiles = new Map<string, ScanTile>();
  #scan = "";

  override willUpdate(): void {
    this.#following.thing = this.thing;
    this.#ofStage.thing = this.#stage;
    const { name = "" } = this.#current;
    if (name !== this.#scan) this.#tiles.clear();
    this.#scan = String(name);
    const told = this.thing.values.get("tiles")?.value;
    const happened = this.thing.events.filter((event) => event.name === "tile_taken");
    for (const value of [...(Array.isArray(told) ? told : []), ...happened.map(({ data }) => data)])
      if (Object(value).scan === name) this.#tiles.set(Object(value).name, Object(value));
  }

  override render() {
    const current = this.#current;
    const isScanning = current.state === "scanning";
    const grid = isScanning ? gridIn(current) : (this.planned ?? gridIn(current));
    const tiles = this.planned && !isScanning ? [] : [...this.#tiles.values()];
    const mayNot = whyNotOperate() !== undefined;
    return html`
      <form @submit=${this.#start} @change=${this.#plan}>
        <div class="cells">
          ${FIELDS.map(
            ([name, label, value]) => html`<label class="field">${label}
              <input name=${name} inputmode="numeric" value=${value} /></label>`,
          )}
          <label class="field">Focus
            <select name="focus">
              <option value="each">each</option>
              <option value="first">first</option>
              <option value="none">none</option>
            </select>
          </label>
        </div>
        <div class="row">
          <button class="first" ?disabled=${isScanning || this.isStarted || mayNot}>Scan</button>
          <button type="button" ?disabled=${isScanning} @click=${this.#preview}>Preview</button>
          ${isScanning ? html`<button type="button" ?disabled=${mayNot} @click=${this.#cancel}>Cancel</button>` : nothing}
          <span class="quiet" role="status">${this.#status(current)}</span>
        </div>
      </form>
      ${isScanning ? html`<progress aria-label="Tiles" max=${this.#total} .value=${this.#tiles.size}></progress>` : nothing}
      ${
        grid
          ? html`<scan-map
              .grid=${grid}
              .tiles=${tiles}
              .base=${this.thing.url}
              .position=${this.#stage && stageControl(this.#stage).position}
              @tile-click=${this.#goTo}
            ></scan-map>`
          : nothing
      }
      <p class="problem" role="alert">${this.problem || (isScanning ? "" : current.why)}</p>
    `;
  }

  get #current(): Readonly<Record<string, string | undefined>> {
    return Object(this.thing.values.get("current")?.value);
  }

  get #total(): number {
    const { columns = 0, rows = 0 } = gridIn(this.#current) ?? {};
    return columns * rows;
  }

  get #stage(): LiveThing | undefined {
    return server.things.get(this.#current.stage ?? "") ?? server.first("Stage");
  }

  #status({ state }: Readonly<Record<string, string | undefined>>): string {
    if (this.planned && state !== "scanning")
      return `${this.planned.columns} × ${this.planned.rows} tiles`;
    if (!state) return "";
    return `${STATES[state] ?? state}, ${this.#tiles.size} of ${this.#total} tiles`;
  }

  readonly #start = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    this.problem = "";
    this.planned = undefined;
    this.isStarted = true;
    try {
      await this.thing.client?.invoke("scan", this.#wanted());
    } catch (error) {
      const { code, message } = Object(error);
      if (code !== "ACTION_CANCELLED") this.problem = String(message);
    }
    this.isStarted = false;
  };

  readonly #preview = async (): Promise<void> => {
    this.problem = "";
    try {
      this.planned = gridIn(await this.thing.client?.invoke("plan", this.#wanted()));
    } catch (error) {
      this.problem = String(Object(error).message);
    }
  };

  /** A grid that is shown follows what is typed. */
  readonly #plan = (): void => {
    if (this.planned) void this.#preview();
  };

  /** Whoever started it: a page that was loaded again can cancel, too. */
  readonly #cancel = async (): Promise<void> => {
    try {
      const runs = await this.#runs();
      await Promise.all(runs.map((href) => fetch(href, { method: "DELETE" })));
    } catch (error) {
      this.problem = String(Object(error).message);
    }
  };

  async #runs(): Promise<string[]> {
    const answer = await fetch(new URL("scan", this.thing.url), {
      signal: AbortSignal.timeout(5000),
    });
    const runs: unknown = await answer.json();
    return (Array.isArray(runs) ? runs : [])
      .map(Object)
      .filter(({ status }) => status === "running" || status === "pending")
      .map(({ href }) => String(href));
  }

  readonly #goTo = (event: CustomEvent<ScanTile>): void => {
    const { x, y, z } = event.detail;
    const stage = this.#stage;
    if (stage && whyNotOperate() === undefined) void stageControl(stage).goTo({ x, y, z });
  };

  #wanted(): object {
    const form = this.renderRoot.querySelector("form")!;
    const text = (name: string) => (form.elements.namedItem(name) as HTMLInputElement).value;
    return {
      columns: Math.round(Number(text("columns"))),
      rows: Math.round(Number(text("rows"))),
      overlap: Math.round(Number(text("overlap"))) / 100,
      focus: text("focus"),
    };
  }
}
