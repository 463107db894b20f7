import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { MJPEGStream, property, stream, Thing, ThingHost, ThingServer } from "thingscope";
import { Type } from "typebox";
import { patience } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** Pixels of its pictures. */
export const SIZE = { width: 1200, height: 900 } as const;
/** Of the one white pixel of `dot`. */
export const DOT = { x: 400, y: 300 } as const;
const PERIOD_MS = 100;

/** A Thing whose pictures a test chooses. */
export class Scope extends Thing {
  static override readonly title = "Scope";

  @property("Micrometres for each pixel of the picture", Type.Number({ unit: "um" }))
  accessor pixel_size_um = 0.5;

  @stream("Live view")
  readonly live = new MJPEGStream();

  @stream("Nobody may watch it")
  readonly closed = new MJPEGStream({ maxViewers: 0 });

  /** What is shown, ten times a second; nothing more comes while it is undefined. */
  picture: Uint8Array | undefined;
  readonly #timer = setInterval(() => {
    if (this.picture) this.live.addFrame(this.picture);
  }, PERIOD_MS);

  override close(): void {
    clearInterval(this.#timer);
  }
}

/** A dark picture with one white pixel. */
export const dot = await pictureOf((x, y) => (x === DOT.x && y === DOT.y ? 255 : 40));
/** Stripes, as sharp as can be. */
export const sharpStripes = await pictureOf((x) => (x % 8 < 4 ? 60 : 160));
/** The same, out of focus. */
export const softStripes = await pictureOf((x) => 110 + 50 * Math.sin((x / 8) * 2 * Math.PI));
/** A quarter is as bright as can be. */
export const clipped = await pictureOf((x, y) =>
  x < SIZE.width / 2 && y < SIZE.height / 2 ? 255 : 90,
);

/** A server with a Scope, at a port that another one has left if one is named. */
export async function scopeServer(port = 0) {
  const host = new ThingHost({ settingsFolder: await temporaryFolder("thingscope-scope-") });
  const scope = new Scope();
  host.add("scope", scope);
  const server = new ThingServer(host);
  return { host, scope, server, ...(await server.listen({ port })) };
}

/** Resolves when it holds; asked again and again. */
export async function until(holds: () => unknown, what = String(holds)): Promise<void> {
  const signal = patience();
  while (!(await holds())) {
    if (signal.aborted) throw new Error(`It never held: ${what}`);
    await sleep(25);
  }
}

/** A gauge of the server, over all its streams. */
export async function gauge(url: string, name: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`, { signal: patience() })).text();
  const values = [
    ...metrics.matchAll(new RegExp(`^thingscope_${name}(?:\\{.*\\})? (\\d+)$`, "gm")),
  ];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

/** What an expression says of the page's `<camera-view>`, as `view`. */
export function ofView<T>(page: Page, expression: string): Promise<T> {
  return page.evaluate(
    `(() => { const view = document.querySelector("camera-view"); return ${expression}; })()`,
  );
}

async function pictureOf(luma: (x: number, y: number) => number): Promise<Uint8Array> {
  const { width, height } = SIZE;
  const pixels = Buffer.alloc(width * height);
  for (let n = 0; n < pixels.length; n++) pixels[n] = luma(n % width, Math.floor(n / width));
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .jpeg({ quality: 100 })
    .toBuffer();
}
