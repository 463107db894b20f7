import type { ReactiveController, ReactiveControllerHost } from "lit";
import { mayOperate } from "../things/account.ts";
import { type Stream, server } from "../things/server.ts";
import { type Mapping, Mappings, pixelSizeOf } from "./mappings.ts";
import { type StageControl, stageControl } from "./stage-control.ts";
import { stepOf } from "./step-memory.ts";
import { directionsOf, stepsOfKey, times } from "./steps.ts";

/** Shapes that differ by less are one, rounded to whole pixels. */
const SAME_SHAPE = 0.02;

interface PicturePlace {
  readonly x: number;
  readonly y: number;
  readonly dx?: number;
  readonly dy?: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Steers the stage by the picture that an element shows: a click brings that place to the middle, a drag with Shift drags the sample,
 * and arrow keys, PageUp and PageDown move by a step while the picture has the focus.
 */
export class Steering implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #stream: () => Stream | undefined;
  readonly #mappings: Mappings;
  #way = { x: 0, y: 0 };
  #isDragging = false;

  /** @param stream - What is shown. */
  constructor(host: ReactiveControllerHost & HTMLElement, stream: () => Stream | undefined) {
    this.#host = host;
    this.#stream = stream;
    this.#mappings = new Mappings(host);
    host.addController(this);
  }

  /** Micrometres for a pixel of the picture that is shown. */
  get pixelSize(): number | undefined {
    const stream = this.#stream();
    return stream && pixelSizeOf(server, stream);
  }

  hostConnected(): void {
    this.#host.addEventListener("picture-click", this.#click);
    this.#host.addEventListener("picture-drag", this.#drag);
    this.#host.addEventListener("keydown", this.#key);
  }

  hostDisconnected(): void {
    this.#host.removeEventListener("picture-click", this.#click);
    this.#host.removeEventListener("picture-drag", this.#drag);
    this.#host.removeEventListener("keydown", this.#key);
  }

  get #mapping() {
    const shown = this.#stream()?.thing;
    return this.#mappings.of(({ camera, isCalibrated }) => isCalibrated && camera === shown);
  }

  /** The stage of the mapping of what is shown; without one, the only stage. */
  get #stage(): StageControl | undefined {
    if (!this.#stream()) return undefined;
    const name = this.#mapping?.stage;
    const stages = [...server.things.values()].filter((thing) => thing.is("Stage"));
    const found = name === undefined ? undefined : server.things.get(name);
    const thing = found ?? (stages.length === 1 ? stages[0] : undefined);
    return thing && stageControl(thing);
  }

  readonly #click = (event: Event): void => {
    const { x, y, width, height } = detailOf(event);
    void this.#moveView({ x: x - width / 2, y: y - height / 2, width }, height);
  };

  readonly #drag = (event: Event): void => {
    const { dx = 0, dy = 0, width, height } = detailOf(event);
    this.#way = { x: this.#way.x - dx, y: this.#way.y - dy };
    if (!this.#isDragging) void this.#follow(width, height);
  };

  /** One move at a time, each as far as the pointer has gone meanwhile. */
  async #follow(width: number, height: number): Promise<void> {
    this.#isDragging = true;
    while (Math.hypot(this.#way.x, this.#way.y) >= 1) {
      const way = this.#way;
      this.#way = { x: 0, y: 0 };
      await this.#moveView({ ...way, width }, height);
    }
    this.#isDragging = false;
  }

  async #moveView(way: { x: number; y: number; width: number }, height: number): Promise<void> {
    const mapping = this.#mapping;
    if (!mapping || !mayOperate()) return;
    const stale = whyStale(mapping, way.width, height);
    if (stale !== undefined) return this.#stage?.doing(() => Promise.reject(new Error(stale)));
    const invoke = mapping.thing.client?.invoke("move_in_image_coordinates", way);
    await (this.#stage ? this.#stage.doing(() => invoke) : invoke?.catch(() => {}));
  }

  readonly #key = (event: KeyboardEvent): void => {
    const isPicture = event.composedPath().some((it) => Object(it).localName === "camera-view");
    const stage = this.#stage;
    if (!isPicture || !stage || event.defaultPrevented) return;
    moveByKey(event, stage, this.#mapping?.matrix);
  };
}

/** A picture of another shape was cut otherwise than the one that was measured: the same pixel is another place. */
function whyStale({ width, height }: Mapping, shown: number, tall: number): string | undefined {
  const isSame =
    !(width > 0 && height > 0) || Math.abs((tall / shown) * (width / height) - 1) < SAME_SHAPE;
  if (isSame) return undefined;
  return `The stage was not moved: the picture is ${shown} × ${tall} now, and was ${width} × ${height} when it was calibrated. Calibrate again.`;
}

/** Moves a stage if the key is one that does: with Shift by ten steps. */
export function moveByKey(event: KeyboardEvent, stage: StageControl, matrix: unknown): void {
  if (event.ctrlKey || event.metaKey || event.altKey || !mayOperate()) return;
  const way = stepsOfKey(event.key, directionsOf(matrix));
  if (!way) return;
  event.preventDefault();
  const step = stepOf("z" in way ? "z" : "xy") * (event.shiftKey ? 10 : 1);
  stage.moveBy(times(way, step), event.repeat);
}

function detailOf(event: Event): PicturePlace {
  return (event as CustomEvent<PicturePlace>).detail;
}
