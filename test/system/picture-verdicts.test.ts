import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { resizeJpeg } from "../../src/frames/codec/codec.ts";
import { inspectJpeg, type JpegInfo } from "../../src/frames/jpeg/jpeg.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { jpegCorpus } from "../frames/jpeg-corpus.ts";
import { coded, cornersOf } from "../frames/quarters.ts";
import { TEST_MS } from "../limits.ts";
import { eventually, serve } from "../streams/watching.ts";
import { openPage } from "./chromium.ts";

const timeout = TEST_MS;

/** Chromium shows these, and they are refused. */
const TOO_MUCH: Readonly<Record<string, string>> = {
  "header: arithmetic conditioning": "only decoders of arithmetic coding know what it means",
  "scan: empty": "there is no picture in it",
  "coding: SOF FFc9": "arithmetic coding: Debian's Chromium alone decodes it",
};

/** Chromium refuses these, and nothing but decoding tells. */
const DAMAGED = ["scan: of brightness alone"];

interface Shown {
  readonly width: number;
  readonly height: number;
  /** The middles of its quarters. */
  readonly corners: number[][];
}

function infoOf(jpeg: Uint8Array): JpegInfo | undefined {
  try {
    return inspectJpeg(jpeg);
  } catch {
    return undefined;
  }
}

/** In the page: what it shows of each picture; null where it gives up. */
const SHOW = `async (pictures) => {
  const shown = [];
  for (const picture of pictures) {
    const bytes = Uint8Array.from(atob(picture), (character) => character.charCodeAt(0));
    const blob = new Blob([bytes], { type: "image/jpeg" });
    const bitmap = await createImageBitmap(blob).catch(() => null);
    if (!bitmap) {
      shown.push(null);
      continue;
    }
    const { width, height } = bitmap;
    const pen = new OffscreenCanvas(width, height).getContext("2d");
    pen.drawImage(bitmap, 0, 0);
    const { data } = pen.getImageData(0, 0, width, height);
    const corners = [0.25, 0.75].flatMap((y) => [0.25, 0.75].map((x) => {
      const at = 4 * (Math.floor(y * height) * width + Math.floor(x * width));
      return [...data.slice(at, at + 3)];
    }));
    shown.push({ width, height, corners });
  }
  return shown;
}`;

function shownBy(page: Page, jpegs: readonly Uint8Array[]): Promise<(Shown | null)[]> {
  const encoded = jpegs.map((jpeg) => Buffer.from(jpeg).toString("base64"));
  return page.evaluate(`(${SHOW})(${JSON.stringify(encoded)})`);
}

const isNear = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) =>
  a.every((rgb, n) => rgb.every((value, k) => Math.abs(value - b[n]![k]!) <= 24));

test("what is accepted as a frame Chromium shows, and every smaller one shows the same, as large and as upright", {
  timeout,
}, async (t) => {
  const { page } = await openPage(t);
  const samples = await jpegCorpus();
  const shown = await shownBy(
    page,
    samples.map(({ jpeg }) => jpeg),
  );
  const wrong: string[] = [];
  for (const [n, { name, jpeg }] of samples.entries()) {
    const info = infoOf(jpeg);
    const seen = shown[n];
    if (Boolean(info) !== Boolean(seen)) {
      if (seen ? !(name in TOO_MUCH) : !DAMAGED.includes(name))
        wrong.push(`${name}: Chromium ${seen ? "shows" : "refuses"} it, we do not`);
    } else if (info && seen) {
      const size = [seen.width, seen.height];
      if (info.width !== seen.width || info.height !== seen.height)
        wrong.push(`${name}: ${info.width} x ${info.height}, Chromium ${size.join(" x ")}`);
      const smaller = await resizeJpeg(jpeg, { width: Math.max(16, seen.width >> 1) });
      for (const picture of [jpeg, smaller]) {
        const corners = await cornersOf(picture);
        if (!isNear(corners, seen.corners))
          wrong.push(`${name}: ${JSON.stringify(corners)}, not ${JSON.stringify(seen.corners)}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(shown.filter(Boolean).length > 200);
});

test("no frame that is accepted ends an <img> that shows the stream", { timeout }, async (t) => {
  const { page } = await openPage(t);
  const stream = new MJPEGStream();
  const { port } = await serve(t, (request, response) => {
    if (request.url === "/stream") stream.mjpegStreamResponse(request, response);
    else response.writeHead(200, { "content-type": "text/html" }).end("<body></body>");
  });
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.evaluate(`document.body.appendChild(document.createElement("img")).src = "/stream"`);
  await eventually(() => stream.stats.viewers === 1);
  const every = process.env.THINGSCOPE_LONG ? 1 : 4;
  const accepted = (await jpegCorpus()).filter(({ jpeg }) => infoOf(jpeg));
  const shownSize = () => page.evaluate("document.images[0].naturalWidth");
  for (const { name, jpeg } of accepted.filter((_, n) => n % every === 0)) {
    const { sentFrames } = stream.stats;
    stream.addFrame(jpeg);
    await eventually(() => stream.stats.sentFrames > sentFrames);
    await shownSize(); // its renderer has had a turn
    assert.equal(stream.stats.viewers, 1, `${name} has ended it`);
  }
  const last = await coded();
  stream.addFrame(await resizeJpeg(last, { width: 72 }));
  while ((await shownSize()) !== 72) {
    stream.addFrame(await resizeJpeg(last, { width: 72 }));
    await page.waitForTimeout(50);
  }
  assert.equal(stream.stats.viewers, 1);
});

test("what is accepted as a frame libjpeg decodes, with warnings at most", {
  timeout,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-verdicts-"));
  t.after(() => rm(folder, { recursive: true }));
  const every = process.env.THINGSCOPE_LONG ? 1 : 5;
  const accepted = (await jpegCorpus()).filter(({ jpeg }) => infoOf(jpeg));
  for (const { name, jpeg } of accepted.filter((_, n) => n % every === 0)) {
    const file = join(folder, "picture.jpg");
    await writeFile(file, jpeg);
    const status = await new Promise<unknown>((resolve) => {
      execFile("djpeg", ["-outfile", "/dev/null", file], (error) => resolve(error?.code ?? 0));
    });
    assert.ok(status === 0 || status === 2, `${name}: djpeg ends with ${status}`); // 2: with warnings
  }
});
