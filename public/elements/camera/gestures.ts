import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Zoom } from "../../frames/zoom.ts";

/** What gestures on a picture do. */
interface GestureHost extends ReactiveControllerHost, HTMLElement {
  readonly zoom: Zoom;
  /** What the picture is shown in. */
  readonly stage: HTMLElement;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Farther than this a pointer drags, CSS pixels. */
const DRAG_PX = 4;
/** A second click within this is a double click, ms. */
const DOUBLE_MS = 250;
const WHEEL_SPEED = 0.0018;
const STEP = 1.5;
const PAN_PX = 60;

/**
 * Wheel, pinch, drag, double click and keys on a picture: zoom and pan. A click is told as `picture-click`, a drag with Shift as
 * `picture-drag`, in pixels of the camera's picture.
 */
export class Gestures implements ReactiveController {
  readonly #host: GestureHost;
  readonly #pointers = new Map<number, Point>();
  /** How far the pointer has gone since it was pressed. */
  #travel = 0;
  #isPinch = false;
  #clicking: ReturnType<typeof setTimeout> | undefined;

  constructor(host: GestureHost) {
    this.#host = host;
    host.addController(this);
  }

  hostDisconnected(): void {
    clearTimeout(this.#clicking);
    this.#pointers.clear();
  }

  readonly wheel = (event: WheelEvent): void => {
    const { zoom } = this.#host;
    if (event.deltaY > 0 && !zoom.isZoomed && !event.ctrlKey) return; // the page scrolls
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1);
    const speed = event.ctrlKey ? 6 * WHEEL_SPEED : WHEEL_SPEED; // so browsers tell of a pinch on a touchpad
    this.#change(() => zoom.by(Math.exp(-pixels * speed), this.#placeOf(event)));
  };

  readonly down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId); // where `up` is heard
    this.#pointers.set(event.pointerId, this.#placeOf(event));
    if (this.#pointers.size === 1) this.#travel = 0;
    this.#isPinch = this.#pointers.size > 1;
  };

  readonly move = (event: PointerEvent): void => {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const place = this.#placeOf(event);
    const by = { x: place.x - before.x, y: place.y - before.y };
    this.#travel += Math.hypot(by.x, by.y);
    const other = this.#other(event.pointerId);
    this.#pointers.set(event.pointerId, place);
    if (other) this.#pinch(other, before, place);
    else if (this.#travel > DRAG_PX && event.shiftKey) this.#tellDrag(place, by, false);
    else if (this.#travel > DRAG_PX) this.#change(() => this.#host.zoom.pan(by));
  };

  readonly up = (event: PointerEvent): void => {
    const place = this.#pointers.get(event.pointerId);
    if (!this.#pointers.delete(event.pointerId) || !place) return;
    const isClick = this.#travel <= DRAG_PX && !this.#isPinch && event.type === "pointerup";
    if (isClick) this.#click(place);
    else if (event.shiftKey && !this.#isPinch) this.#tellDrag(place, { x: 0, y: 0 }, true);
  };

  /** @returns Whether the key was one of the picture's. */
  key(event: KeyboardEvent): boolean {
    const { zoom } = this.#host;
    const pans: Readonly<Record<string, Point>> = {
      ArrowLeft: { x: PAN_PX, y: 0 },
      ArrowRight: { x: -PAN_PX, y: 0 },
      ArrowUp: { x: 0, y: PAN_PX },
      ArrowDown: { x: 0, y: -PAN_PX },
    };
    const pan = zoom.isZoomed ? pans[event.key] : undefined;
    if (pan) this.#change(() => zoom.pan(pan));
    else if (event.key === "+" || event.key === "=") this.zoomIn();
    else if (event.key === "-") this.zoomOut();
    else if (event.key === "0") this.fit();
    else if (event.key === "1") this.pixels();
    else return false;
    return true;
  }

  zoomIn(): void {
    this.#change(() => this.#host.zoom.by(STEP));
  }

  zoomOut(): void {
    this.#change(() => this.#host.zoom.by(1 / STEP));
  }

  fit(): void {
    this.#change(() => this.#host.zoom.reset());
  }

  /** One pixel of the picture for each of the screen, or, where it is that large already, four by four. */
  pixels(place?: Point): void {
    const { zoom } = this.#host;
    const single = 1 / devicePixelRatio;
    this.#change(() => zoom.to(zoom.scale < 0.99 * single ? single : 4 * single, place));
  }

  #click(place: Point): void {
    if (this.#clicking !== undefined) {
      clearTimeout(this.#clicking);
      this.#clicking = undefined;
      if (this.#host.zoom.isZoomed) this.fit();
      else this.pixels(place);
      return;
    }
    this.#clicking = setTimeout(() => {
      this.#clicking = undefined;
      const at = this.#host.zoom.pixelAt(place);
      if (at) this.#tell("picture-click", at);
    }, DOUBLE_MS);
  }

  #tellDrag(place: Point, by: Point, isEnd: boolean): void {
    const { scale } = this.#host.zoom;
    const at = this.#host.zoom.pixelAt(place) ?? { x: Number.NaN, y: Number.NaN };
    if (scale > 0) this.#tell("picture-drag", { ...at, dx: by.x / scale, dy: by.y / scale, isEnd });
  }

  #tell(type: string, detail: object): void {
    const { width, height } = this.#host.zoom.picture;
    const event = { bubbles: true, composed: true, detail: { ...detail, width, height } };
    this.#host.dispatchEvent(new CustomEvent(type, event));
  }

  #pinch(other: Point, before: Point, now: Point): void {
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(now.x - other.x, now.y - other.y);
    const middle = { x: (before.x + other.x) / 2, y: (before.y + other.y) / 2 };
    const by = { x: (now.x - before.x) / 2, y: (now.y - before.y) / 2 };
    this.#change(() => {
      if (was > 0) this.#host.zoom.by(is / was, middle);
      this.#host.zoom.pan(by); // a picture that is shown whole cannot be moved before it is larger
    });
  }

  #other(pointerId: number): Point | undefined {
    return [...this.#pointers].find(([id]) => id !== pointerId)?.[1];
  }

  #placeOf({ clientX, clientY }: MouseEvent): Point {
    const { left, top } = this.#host.stage.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  #change(change: () => void): void {
    change();
    this.#host.requestUpdate();
  }
}
