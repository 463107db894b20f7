import { html, LitElement, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { KeptKeyboard } from "../style/kept-keyboard.ts";
import { shared } from "../style/shared.ts";
import { whyNotOperate } from "../things/account.ts";
import { FollowingRun, failureOf } from "../things/following-run.ts";
import { Following, type LiveThing } from "../things/live-thing.ts";
import { sentenceOf } from "../things/sentence-of.ts";
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
  readonly keptKeyboard = new KeptKeyboard(this);
  readonly #following = new Following(this);
  readonly #ofStage = new Following(this);
  readonly #run = new FollowingRun(this, "scan");
  readonly #tiles = new Map<string, ScanTile>();
  #scan = "";

  override willUpdate(): void {
    this.#following.thing = this.thing;
    this.#ofStage.thing = this.#stage;
    this.#run.thing = this.thing;
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
    const { running, newest } = this.#run;
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
              <option value="each">Each</option>
              <option value="first">First</option>
              <option value="none">None</option>
            </select>
          </label>
        </div>
        <div class="row">
          <button class="first" data-place="scan" ?disabled=${mayNot} aria-disabled=${isScanning || running !== undefined || nothing}>Scan</button>
          <button type="button" ?disabled=${isScanning} @click=${this.#preview}>Preview</button>
          ${isScanning || running ? html`<button type="button" data-place="scan" ?disabled=${mayNot} aria-disabled=${running?.isCancelling || nothing} @click=${() => this.#run.cancel()}>Cancel</button>` : nothing}
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
              .live=${this.thing.isConnected}
              .position=${this.#stage && stageControl(this.#stage).position}
              @tile-click=${this.#goTo}
            ></scan-map>`
          : nothing
      }
      <p class="problem" role="alert">${this.problem || failureOf(newest) || (isScanning ? "" : current.why)}</p>
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
    const named = this.thing.values.get("stage_name")?.value ?? this.#current.stage;
    return server.things.get(String(named ?? "")) ?? server.first("Stage");
  }

  #status({ state }: Readonly<Record<string, string | undefined>>): string {
    if (this.planned && state !== "scanning")
      return `${this.planned.columns} × ${this.planned.rows} tiles`;
    if (!state) return "";
    return `${STATES[state] ?? state}, ${this.#tiles.size} of ${this.#total} tiles`;
  }

  readonly #start = (event: SubmitEvent): void => {
    event.preventDefault();
    if (this.#current.state === "scanning") return;
    this.problem = "";
    this.planned = undefined;
    this.#run.start(this.#wanted());
  };

  readonly #preview = async (): Promise<void> => {
    this.problem = "";
    try {
      this.planned = gridIn(await this.thing.client?.invoke("plan", this.#wanted()));
    } catch (error) {
      this.problem = sentenceOf(error);
    }
  };

  /** A grid that is shown follows what is typed. */
  readonly #plan = (): void => {
    if (this.planned) void this.#preview();
  };

  readonly #goTo = (event: CustomEvent<ScanTile>): void => {
    const { x, y, z } = event.detail;
    const stage = this.#stage;
    if (stage && whyNotOperate() === undefined) void stageControl(stage).goTo({ x, y, z });
  };

  #wanted(): object {
    const form = this.renderRoot.querySelector("form")!;
    const text = (name: string) => (form.elements.namedItem(name) as HTMLInputElement).value;
    /** What is no number is the server's to refuse. */
    const whole = (name: string, share = 1) => {
      const number = Math.round(Number(text(name))) / share;
      return Number.isNaN(number) ? text(name) : number;
    };
    return {
      columns: whole("columns"),
      rows: whole("rows"),
      overlap: whole("overlap", 100),
      focus: text("focus"),
    };
  }
}
