import { css, html, LitElement, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { whyNotOperate } from "../things/account.ts";
import type { StageControl, Steps } from "./stage-control.ts";
import { stepOf } from "./step-memory.ts";
import { type Directions, times, wayText } from "./steps.ts";

/** Held for longer than this, a button jogs. */
const HOLD_MS = 350;
const WHEEL_PX = 40;

/** Buttons that move a stage: pressed once by a step, held for as long as they are. The wheel over z moves z. */
@customElement("jog-pad")
export class JogPad extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: auto auto;
        gap: 4px 14px;
        justify-content: start;
      }
      .plane {
        display: grid;
        grid-template: repeat(3, 44px) / repeat(3, 48px);
        gap: 4px;
      }
      .z {
        display: grid;
        grid-template: repeat(3, 44px) / 56px;
        gap: 4px;
      }
      button {
        display: grid;
        gap: 0;
        place-content: center;
        min-height: 44px;
        padding: 0;
        line-height: 1.1;
        touch-action: none;
        user-select: none;
      }
      button small {
        color: var(--quiet);
        font-family: var(--mono);
        font-size: 11px;
      }
      .stop {
        border-color: var(--lost);
        color: var(--lost);
        font-weight: 600;
      }
      @media (hover: hover) {
        .stop:hover:enabled {
          background: var(--lost);
          color: var(--panel);
        }
      }
      .up {
        grid-area: 1 / 2;
      }
      .left {
        grid-area: 2 / 1;
      }
      .stop {
        grid-area: 2 / 2;
      }
      .right {
        grid-area: 2 / 3;
      }
      .down {
        grid-area: 3 / 2;
      }
      .wheel {
        display: grid;
        place-content: center;
        border: 1px dashed var(--edge);
        border-radius: var(--radius);
        color: var(--quiet);
        font-size: 12px;
        text-align: center;
      }
    `,
  ];

  @property({ attribute: false }) accessor control!: StageControl;
  @property({ attribute: false }) accessor directions!: Directions;
  #holding: ReturnType<typeof setTimeout> | undefined;
  #isJogging = false;
  #wheel = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("visibilitychange", this.#release);
    window.addEventListener("blur", this.#release);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("visibilitychange", this.#release);
    window.removeEventListener("blur", this.#release);
    this.#release();
  }

  override render() {
    const { right, down } = this.directions;
    const { axes } = this.control;
    return html`
      <div class="plane">
        ${this.#button("up", "▲", times(down, -1))} ${this.#button("left", "◀", times(right, -1))}
        <button class="stop" ?disabled=${whyNotOperate() !== undefined} @click=${() => this.control.stop()}>
          Stop
        </button>
        ${this.#button("right", "▶", right)} ${this.#button("down", "▼", down)}
      </div>
      ${
        axes.includes("z")
          ? html`<div class="z" @wheel=${this.#turn}>
              ${this.#button("z-up", "▲", { z: 1 })}
              <span class="wheel" title="Turn the wheel here to move z">z wheel</span>
              ${this.#button("z-down", "▼", { z: -1 })}
            </div>`
          : nothing
      }
    `;
  }

  #button(place: string, sign: string, way: Steps) {
    const text = wayText(way);
    return html`<button
      class=${place}
      aria-label="Move ${text}"
      title="Move ${text}; hold to go on"
      ?disabled=${whyNotOperate() !== undefined}
      @pointerdown=${(event: PointerEvent) => this.#press(event, way)}
      @pointerup=${this.#release}
      @pointercancel=${this.#release}
      @contextmenu=${(event: Event) => event.preventDefault()}
      @click=${() => this.#click(way)}
    >
      <span aria-hidden="true">${sign}</span><small aria-hidden="true">${text}</small>
    </button>`;
  }

  #press(event: PointerEvent, way: Steps): void {
    this.#isJogging = false;
    if (event.button !== 0 || !this.control.has("jog")) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.#holding = setTimeout(() => {
      this.#isJogging = true;
      this.control.jog(way, this.#stepOf(way));
    }, HOLD_MS);
  }

  readonly #release = (): void => {
    clearTimeout(this.#holding);
    this.control?.endJog();
  };

  /** Also of the keyboard; the click that ends a jog does not move. */
  #click(way: Steps): void {
    if (!this.#isJogging) this.control.moveBy(times(way, this.#stepOf(way)));
    this.#isJogging = false;
  }

  readonly #turn = (event: WheelEvent): void => {
    if (whyNotOperate() !== undefined) return;
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_PX : 1;
    this.#wheel -= event.deltaY * pixels;
    const notches = Math.trunc(this.#wheel / WHEEL_PX);
    if (notches === 0) return;
    this.#wheel -= notches * WHEEL_PX;
    this.control.moveBy({ z: Math.sign(notches) * stepOf("z") * (event.shiftKey ? 10 : 1) });
  };

  #stepOf(way: Steps): number {
    return stepOf("z" in way ? "z" : "xy");
  }
}
