import { setImmediate as othersTurn } from "node:timers/promises";
import { type Rgba, turn } from "thingscope/frames";

interface Painting {
  readonly picture: Rgba;
  readonly degrees: number;
  readonly canvas: Rgba;
}

/** Two canvases: while the one is encoded, on another thread, the next picture is painted on the other. */
export class Easel {
  #ahead: Painting | undefined;
  #last: Painting | undefined;

  /** The picture, turned clockwise, to be written on. It is the caller's until the next but one is painted. */
  paint(picture: Rgba, degrees: number): Rgba {
    const ahead = this.#ahead;
    const isReady = ahead?.picture === picture && ahead.degrees === degrees;
    const painting = isReady ? ahead : paintOn(ahead?.canvas, picture, degrees);
    this.#ahead = this.#last;
    this.#last = painting;
    return painting.canvas;
  }

  /** Paints what `paint` will be asked for next, after whatever else is to be started now. */
  async paintAhead(picture: Rgba, degrees: number): Promise<void> {
    await othersTurn();
    this.#ahead = paintOn(this.#ahead?.canvas, picture, degrees);
  }
}

function paintOn(used: Rgba | undefined, picture: Rgba, degrees: number): Painting {
  const fits = used?.width === picture.width && used.height === picture.height;
  const canvas = fits ? used : { ...picture, data: new Uint8Array(picture.data.length) };
  if (degrees % 360 === 0) canvas.data.set(picture.data);
  else turn(picture, canvas, degrees);
  return { picture, degrees, canvas };
}
