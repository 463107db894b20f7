import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ThingError } from "../../src/base/errors.ts";
import {
  brenner,
  FOCUS_MEASURES,
  laplacianVariance,
  normalisedVariance,
  tenengrad,
} from "../../src/frames/pixels/sharpness.ts";

const SIDE = 64;

/** Blocks of black and white, blurred `passes` times by a box of 3 x 3. */
function target(passes: number): Uint8Array {
  let image = Uint8Array.from({ length: SIDE * SIDE }, (_, i) =>
    ((i >> 2) ^ (i >> 8)) & 1 ? 220 : 30,
  );
  for (let pass = 0; pass < passes; pass++) image = blurred(image);
  return image;
}

function blurred(image: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return image.map((_, i) => {
    let sum = 0;
    for (const dy of [-SIDE, 0, SIDE]) {
      for (const dx of [-1, 0, 1]) sum += image[(i + dy + dx + image.length) % image.length]!;
    }
    return Math.round(sum / 9);
  });
}

for (const [name, measure] of Object.entries(FOCUS_MEASURES)) {
  describe(name, () => {
    test("falls with every blur, to nothing for a flat or black image", () => {
      let before = Number.POSITIVE_INFINITY;
      for (let passes = 0; passes < 5; passes++) {
        const sharpness = measure(target(passes), SIDE, SIDE);
        assert.ok(sharpness < before && sharpness > 0, `${sharpness} after ${passes} blurs`);
        before = sharpness;
      }
      assert.equal(measure(new Uint8Array(SIDE * SIDE).fill(99), SIDE, SIDE), 0);
      assert.equal(measure(new Uint8Array(SIDE * SIDE), SIDE, SIDE), 0);
    });

    test("refuses a shape that does not fit", () => {
      for (const [width, height] of [
        [SIDE, SIDE + 1],
        [2, 2048],
        [0, 0],
      ] as const) {
        assert.throws(
          () => measure(target(0), width, height),
          (error) => error instanceof ThingError && error.code === "BAD_SHAPE",
        );
      }
    });
  });
}

test("each measure gives what its formula gives by hand", () => {
  const dot = Uint8Array.of(0, 0, 0, 0, 10, 0, 0, 0, 0);
  assert.equal(laplacianVariance(dot, 3, 3), 0, "one Laplacian has no variance");
  assert.equal(brenner(Uint8Array.of(1, 0, 5, 1, 0, 5, 1, 0, 1), 3, 3), (16 + 16 + 0) / 3);
  const step = Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9);
  assert.equal(tenengrad(step, 4, 3), (0 + 36 ** 2) / 2);
  assert.equal(tenengrad(Uint8Array.of(0, 0, 0, 0, 0, 0, 9, 9, 9), 3, 3), 36 ** 2);
  assert.equal(laplacianVariance(step, 4, 3), 4.5 ** 2);
  assert.equal(
    normalisedVariance(Uint8Array.of(1, 3, 1, 3, 1, 3, 1, 3, 0), 3, 3).toFixed(6),
    "0.722222",
  );
});
