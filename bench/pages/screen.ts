import type { Page } from "playwright-core";
import sharp from "sharp";
import { BITS } from "./coded-frames.ts";

/** What the screen showed, and when, epoch ms. */
export interface Shown {
  readonly code: number;
  readonly at: number;
}

/** Where the picture is on the page, CSS pixels. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * What a page's screen shows for some seconds: each picture that the browser's compositor puts together is copied, as it is for a
 * screen. So a canvas of a worker, which passes by the page, is measured as an `<img>` is.
 */
export async function watchScreen(page: Page, picture: Box, seconds: number): Promise<Shown[]> {
  const session = await page.context().newCDPSession(page);
  const copies: { readonly data: string; readonly at: number }[] = [];
  session.on("Page.screencastFrame", ({ data, metadata: { timestamp = 0 }, sessionId }) => {
    copies.push({ data, at: timestamp * 1000 });
    void session.send("Page.screencastFrameAck", { sessionId }).catch(() => {});
  });
  await session.send("Page.startScreencast", { format: "jpeg", quality: 60 });
  await page.waitForTimeout(seconds * 1000);
  await session.send("Page.stopScreencast");
  await session.detach();
  const { width = 0 } = page.viewportSize() ?? {};
  const shown: Shown[] = [];
  for (const { data, at } of copies) {
    const code = await codeOn(Buffer.from(data, "base64"), picture, width);
    if (code !== shown.at(-1)?.code) shown.push({ code, at });
  }
  return shown.slice(1); // nobody knows when the first came
}

async function codeOn(copy: Buffer, picture: Box, pageWidth: number): Promise<number> {
  const raw = await sharp(copy).greyscale().raw().toBuffer({ resolveWithObject: true });
  const { width, channels } = raw.info;
  const scale = width / pageWidth;
  const y = Math.round((picture.y + picture.height / 6) * scale);
  let code = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const x = Math.round((picture.x + (picture.width * (bit * 10 + 5)) / 80) * scale);
    if (raw.data[(y * width + x) * channels]! > 127) code |= 1 << bit;
  }
  return code;
}
