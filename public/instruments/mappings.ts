import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { LiveThing } from "../things/live-thing.ts";
import { type Server, type Stream, server } from "../things/server.ts";

/** What is known of how a camera and a stage belong together. */
export interface Mapping {
  readonly thing: LiveThing;
  readonly camera: string;
  readonly stage: string;
  readonly isCalibrated: boolean;
  readonly matrix: unknown;
  /** Width and height of the picture that was measured. */
  readonly width: number;
  readonly height: number;
  /** um */
  readonly pixelSize: number | undefined;
}

/** Micrometres for a pixel of a stream's picture; undefined without a calibration, or until it is known. Keep a `Mappings` meanwhile. */
export function pixelSizeOf(
  { things }: Pick<Server, "things">,
  stream: Pick<Stream, "thing">,
): number | undefined {
  return mappingsOf(things).find(({ camera }) => camera === stream.thing)?.pixelSize;
}

export function mappingsOf(things: ReadonlyMap<string, LiveThing>): readonly Mapping[] {
  return [...things.values()].flatMap((thing) => mappingOf(thing) ?? []);
}

function mappingOf(thing: LiveThing): Mapping | undefined {
  if (!thing.is("CameraStageMapping")) return undefined;
  const value = (name: string) => thing.values.get(name)?.value;
  const matrix = value("image_to_stage_displacement_matrix");
  const pixelSize = value("pixel_size_um");
  const resolution = value("image_resolution");
  return {
    thing,
    camera: String(value("camera_name") ?? ""),
    stage: String(value("stage_name") ?? ""),
    isCalibrated: Array.isArray(matrix),
    matrix,
    width: Array.isArray(resolution) ? Number(resolution[1]) : 0,
    height: Array.isArray(resolution) ? Number(resolution[0]) : 0,
    pixelSize: typeof pixelSize === "number" ? pixelSize : undefined,
  };
}

/** Keeps what is known of all mappings up to date while an element is in the page, and renders it again. */
export class Mappings implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #followed = new Map<LiveThing, () => void>();
  readonly #update = () => this.#host.requestUpdate();
  readonly #look = () => this.#follow();

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  of(match: (mapping: Mapping) => boolean): Mapping | undefined {
    return mappingsOf(server.things).find(match);
  }

  hostConnected(): void {
    server.addEventListener("change", this.#look);
    this.#follow();
  }

  hostDisconnected(): void {
    server.removeEventListener("change", this.#look);
    for (const end of this.#followed.values()) end();
    this.#followed.clear();
  }

  #follow(): void {
    const there = new Set([...server.things.values()].filter((it) => it.is("CameraStageMapping")));
    for (const [thing, end] of this.#followed) {
      if (there.has(thing)) continue;
      end();
      this.#followed.delete(thing);
    }
    for (const thing of there) {
      if (this.#followed.has(thing)) continue;
      const end = thing.follow();
      thing.addEventListener("change", this.#update);
      this.#followed.set(thing, () => {
        thing.removeEventListener("change", this.#update);
        end();
      });
      this.#update();
    }
  }
}
