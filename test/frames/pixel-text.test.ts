import assert from "node:assert/strict";
import { test } from "node:test";
import { drawText } from "../../src/frames/pixels/pixel-text.ts";

test("letters are drawn without a font, and cut off at the picture's edge", () => {
  const picture = { data: new Uint8Array(12 * 9), width: 12, height: 9, channels: 1 as const };
  drawText(picture, "T?", { x: 0, y: 1 });
  const row = (y: number) =>
    [...picture.data.subarray(y * 12, y * 12 + 12)].map((v) => (v ? "#" : "."));
  assert.equal(row(1).join(""), "#####..###..");
  assert.equal(row(7).join(""), "..#.....#...");
});
