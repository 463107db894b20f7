import assert from "node:assert/strict";
import { test } from "node:test";
import { numberInPixels, stampedPicture } from "../../bench/recording/pixel-stamp.ts";
import { TEST_MS } from "../limits.ts";
import { jpegOf } from "./jpegs.ts";

test("a number survives in pixels at low quality; another picture, or a black one, carries none", {
  timeout: TEST_MS,
}, async () => {
  for (const n of [0, 1, 255, 256, 999, 4660, 65_535]) {
    assert.equal(await numberInPixels(await stampedPicture(n, 640, 400, 30)), n);
  }
  assert.equal(await numberInPixels(await jpegOf(640, 400)), undefined);
});
