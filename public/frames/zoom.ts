interface Size {
  readonly width: number;
  readonly height: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The largest a pixel of the picture becomes, CSS pixels. */
const LARGEST_PIXEL = 48;
const NOTHING: Size = { width: 0, height: 0 };

/** Which part of a picture a box shows. It never leaves the picture, nor shows it smaller than it fits. */
export class Zoom {
  #box = NOTHING;
  #picture = NOTHING;
  /** Times as large as it fits. */
  #times = 1;
  /** What is in the middle of the box, in parts of the picture. */
  #centre: Point = { x: 0.5, y: 0.5 };

  /** @param box - CSS pixels. @param picture - Pixels of the camera's picture. */
  fitInto(box: Size, picture: Size): void {
    this.#box = box;
    this.#picture = picture;
    this.#hold();
  }

  /** Size of the camera's picture. */
  get picture(): Size {
    return this.#picture;
  }

  /** Whether more than nothing is cut off. */
  get isZoomed(): boolean {
    return this.#times > 1;
  }

  /** CSS pixels for each pixel of the picture; 0 until there is one. */
  get scale(): number {
    return this.#fit * this.#times;
  }

  /** Where the picture's corner is in the box, CSS pixels. */
  get corner(): Point {
    const { width, height } = this.#shownSize;
    return {
      x: this.#box.width / 2 - this.#centre.x * width,
      y: this.#box.height / 2 - this.#centre.y * height,
    };
  }

  /** Pixel of the picture at a place of the box; undefined beside the picture. */
  pixelAt({ x, y }: Point): Point | undefined {
    const { scale, corner } = this;
    const at = { x: (x - corner.x) / scale, y: (y - corner.y) / scale };
    const isInside =
      at.x >= 0 && at.y >= 0 && at.x < this.#picture.width && at.y < this.#picture.height;
    return isInside ? at : undefined;
  }

  /** Larger or smaller by a factor; what is at `place` of the box stays there. */
  by(factor: number, place: Point = this.#middle): void {
    this.to(this.scale * factor, place);
  }

  /** @param scale - CSS pixels for each pixel of the picture. */
  to(scale: number, place: Point = this.#middle): void {
    if (this.#fit === 0) return;
    const { corner } = this;
    const at = { x: (place.x - corner.x) / this.scale, y: (place.y - corner.y) / this.scale };
    this.#times = Math.max(1, Math.min(scale, Math.max(LARGEST_PIXEL, this.#fit)) / this.#fit);
    const { width, height } = this.#shownSize;
    this.#centre = {
      x: (this.#middle.x - place.x + at.x * this.scale) / width,
      y: (this.#middle.y - place.y + at.y * this.scale) / height,
    };
    this.#hold();
  }

  /** Moves the picture, CSS pixels. */
  pan({ x, y }: Point): void {
    const { width, height } = this.#shownSize;
    if (width === 0) return;
    this.#centre = { x: this.#centre.x - x / width, y: this.#centre.y - y / height };
    this.#hold();
  }

  /** All of the picture. */
  reset(): void {
    this.#times = 1;
    this.#hold();
  }

  get #middle(): Point {
    return { x: this.#box.width / 2, y: this.#box.height / 2 };
  }

  get #fit(): number {
    const { width, height } = this.#picture;
    if (width === 0 || height === 0) return 0;
    return Math.min(this.#box.width / width, this.#box.height / height);
  }

  get #shownSize(): Size {
    const { scale } = this;
    return { width: this.#picture.width * scale, height: this.#picture.height * scale };
  }

  #hold(): void {
    const { width, height } = this.#shownSize;
    this.#centre = {
      x: held(this.#centre.x, this.#box.width / 2 / width),
      y: held(this.#centre.y, this.#box.height / 2 / height),
    };
  }
}

/** @param half - Half of what is shown, in parts of the picture. */
function held(centre: number, half: number): number {
  return half < 0.5 ? Math.min(1 - half, Math.max(half, centre)) : 0.5;
}
