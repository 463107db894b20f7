import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import sharp from "sharp";
import { TEST_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";
import {
  clipped,
  DOT,
  dot,
  gauge,
  ofView,
  SIZE,
  scopeServer,
  sharpStripes,
  softStripes,
  until,
} from "./live-scope.ts";

const timeout = TEST_MS;

test("the tools of a live picture", { timeout }, async (outer) => {
  const { scope, server, url } = await scopeServer();
  after(() => server.close());
  scope.picture = dot;
  const { page, complaints } = await openPage(outer, { width: 640, height: 600 });
  await page.goto(`${url}/scope/live/viewer`);
  await page.locator("[data-state=streaming]").waitFor();
  const view = page.locator("camera-view .view");
  const devtools = await page.context().newCDPSession(page);
  const place = async (x: number, y: number) => {
    const { left, top, corner, scale } = await ofView<
      Record<string, number> & { corner: { x: number; y: number } }
    >(
      page,
      "({ ...view.stage.getBoundingClientRect().toJSON(), corner: view.zoom.corner, scale: view.zoom.scale })",
    );
    return { x: left! + corner.x + (x + 0.5) * scale!, y: top! + corner.y + (y + 0.5) * scale! };
  };
  const scale = () => ofView<number>(page, "view.zoom.scale");
  const press = (key: string) => view.press(key);

  await outer.test(
    "the wheel zooms to single pixels, of the picture as the camera gave it",
    async () => {
      await page.setViewportSize({ width: 320, height: 600 }); // a third: it is made smaller
      await page.locator(".facts .pixels", { hasText: /as 320 × 240/ }).waitFor();
      await page.setViewportSize({ width: 640, height: 600 });
      const { x, y } = await place(DOT.x, DOT.y);
      await page.mouse.move(x, y);
      for (let n = 0; n < 12; n++) await page.mouse.wheel(0, -300);
      await until(async () => (await scale()) === 48);
      await page.locator(".facts .pixels", { hasText: /^1200 × 900$/ }).waitFor();
      await until(() => ofView(page, `view.live.report.width === ${SIZE.width}`));
      const at = await place(DOT.x, DOT.y);
      const lumaAt = async (dx: number) => {
        const clip = { x: at.x + dx - 2, y: at.y - 2, width: 4, height: 4 };
        const { channels } = await sharp(await page.screenshot({ clip })).stats();
        return channels[1]!.mean;
      };
      await until(async () => (await lumaAt(0)) > 200);
      assert.ok((await lumaAt(-19)) > 200, "all of the pixel is white");
      assert.ok((await lumaAt(-29)) < 80 && (await lumaAt(29)) < 80, "and nothing beside it");
    },
  );

  await outer.test("a drag pans, and a double click shows all again", async () => {
    const before = await place(DOT.x, DOT.y);
    await page.mouse.move(300, 300);
    await page.mouse.down();
    await page.mouse.move(340, 330, { steps: 4 });
    await page.mouse.up();
    const now = await place(DOT.x, DOT.y);
    assert.deepEqual([now.x - before.x, now.y - before.y].map(Math.round), [40, 30]);
    await page.mouse.dblclick(300, 300);
    await until(async () => (await scale()) < 1);
  });

  await outer.test("two fingers zoom what is between them", async () => {
    const { x, y } = await place(600, 450);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", apart: number) =>
      devtools.send("Input.dispatchTouchEvent", {
        type,
        touchPoints:
          type === "touchEnd"
            ? []
            : [
                { x: x - apart, y, id: 1 },
                { x: x + apart, y, id: 2 },
              ],
      });
    const before = await scale();
    await touch("touchStart", 40);
    for (let apart = 50; apart <= 160; apart += 10) await touch("touchMove", apart);
    await touch("touchEnd", 0);
    await until(async () => Math.abs((await scale()) / before - 4) < 0.2);
    const now = await place(600, 450);
    assert.ok(Math.hypot(now.x - x, now.y - y) < 3, "it stays between them");
    await press("0");
    assert.equal(await scale(), before);
  });

  await outer.test(
    "grid, crosshair and scale bar stand over the picture, at any zoom",
    async () => {
      await press("g");
      await press("c");
      const lines = page.locator("camera-view svg.over path");
      await until(async () => (await lines.count()) > 3);
      const cross = await page.locator("camera-view svg.over circle").boundingBox();
      const middle = await place(SIZE.width / 2 - 0.5, SIZE.height / 2 - 0.5);
      assert.ok(Math.abs(cross!.x + cross!.width / 2 - middle.x) < 1);
      const micrometresPerPixel = async () => {
        const bar = page.locator(".scale-bar");
        const [, number, unit] = /([\d.]+) (µm|mm)/.exec((await bar.textContent()) ?? "") ?? [];
        const { width } = (await bar.boundingBox())!;
        return ((Number(number) * (unit === "mm" ? 1000 : 1)) / width) * (await scale());
      };
      for (const key of ["0", "1", "+"]) {
        await press(key);
        assert.ok(Math.abs((await micrometresPerPixel()) - scope.pixel_size_um) < 0.02, key);
      }
      await press("0");
      await press("g");
      await press("c");
      await until(async () => (await lines.count()) === 0);
    },
  );

  await outer.test(
    "histogram and focus measure tell what is too bright, and which is sharper",
    async () => {
      await press("h");
      await until(() => ofView(page, `view.live.report.width === ${SIZE.width}`));
      const focus = () => ofView<number>(page, "view.live.report.measures?.focus ?? -1");
      const settled = async (picture: Uint8Array, is: (focus: number) => boolean) => {
        scope.picture = picture;
        await until(async () => is(await focus()));
        return focus();
      };
      const soft = await settled(softStripes, (value) => value > 1);
      await settled(sharpStripes, (value) => value > 2 * soft);
      await page.locator("picture-measures").getByText("none clipped").waitFor();
      scope.picture = clipped;
      await page.locator("picture-measures").getByText("25.0 % clipped").waitFor();
      await page.locator("picture-measures").getByText("Focus, best").waitFor();
      await press("h");
      await page.locator("picture-measures").waitFor({ state: "detached" });
    },
  );

  const toldIndex = async () => Number(await page.textContent(".index .number"));
  /** Of the picture that stays, once the page tells it: its words come a moment after the picture. */
  const frozenIndex = async () => {
    await page.locator(".frozen").waitFor();
    await until(() => scope.live.stats.viewers === 0);
    let index = Number.NaN;
    await until(async () => {
      index = await ofView<number>(page, "view.live.report.index");
      return index === (await toldIndex());
    });
    return index;
  };

  await outer.test("frozen, it stays as it is and costs nothing; then it goes on", async () => {
    await press("Space");
    const frozen = await frozenIndex();
    const sent = scope.live.stats.sentFrames;
    const [{ index }] = [scope.live.addFrame(dot)];
    await until(() => scope.live.lastFrameIndex > index);
    assert.deepEqual([await toldIndex(), scope.live.stats.sentFrames], [frozen, sent]);
    assert.equal(await page.locator(".banner").count(), 0, "it is not stale");
    await press("Space");
    await page.locator("[data-state=streaming]").waitFor();
    await until(async () => Number(await page.textContent(".index .number")) > index);
  });

  await outer.test(
    "what is saved is the frame that is shown, in full, and says which it is",
    async () => {
      scope.picture = dot;
      await press("Space");
      const index = await frozenIndex();
      const { capturedAt } = scope.live.heldFrame(index);
      const coming = page.waitForEvent("download");
      await press("s");
      const download = await coming;
      const { run } = scope.live;
      assert.match(
        download.suggestedFilename(),
        new RegExp(`^scope-live_${run}_${index}_\\d{4}-.*Z\\.jpg$`),
      );
      const file = await readFile(await download.path());
      const { width, height } = await sharp(file).metadata();
      const comment = /\{"stream".*?\}/.exec(file.toString("latin1"))?.[0] ?? "{}";
      const about = JSON.parse(comment);
      assert.deepEqual([width, height], [about.width, about.height]);
      assert.deepEqual(
        [about.stream, about.run, about.index, about.fullWidth],
        [`${url}/scope/live`, run, index, SIZE.width],
      );
      assert.equal(Date.parse(about.capturedAt), Math.floor(capturedAt));
      await press("Space");
    },
  );

  await outer.test("full screen is the picture alone, and F leads back", async () => {
    await press("f");
    await until(() => page.evaluate("document.fullscreenElement?.localName === 'camera-view'"));
    const { width, x } = (await page.locator("camera-view").boundingBox())!;
    assert.deepEqual([x, width], [0, await page.evaluate("innerWidth")]);
    await press("f");
    await until(() => page.evaluate("document.fullscreenElement === null"));
  });

  assert.equal(await gauge(url, "stream_viewers"), 1);
  assert.deepEqual(complaints, []);
});
