import assert from "node:assert/strict";
import { test } from "node:test";
import { FocusStack } from "../../things/optics/focus-stack.ts";
import { Slide } from "../../things/optics/slide.ts";
import { TEST_MS } from "../limits.ts";

const WIDTH = 160;
const HEIGHT = 120;
const SIGMAS = [0, 1, 3.3]; // sharp, and between two degrees of blur

for (const sigma of SIGMAS) {
  test(`what is shown of a slide at once is what the whole slide shows, with a blur of ${sigma}`, {
    timeout: TEST_MS,
  }, async () => {
    const [whole, fresh] = [slide(), slide()];
    await whole.whole();
    for (const [x, y] of [
      [-20, 330], // beyond two edges
      [40, 50], // elsewhere, for which the fresh one has to be made whole
    ] as const) {
      const expected = await new FocusStack(whole, WIDTH, HEIGHT).look(x, y, sigma);
      const shown = await new FocusStack(fresh, WIDTH, HEIGHT).look(x, y, sigma);
      assert.ok(Buffer.from(shown.data).equals(expected.data), `at ${x}, ${y}`);
    }
  });
}

test("for the first who looks no more of a slide is made than he sees", {
  timeout: TEST_MS,
}, async () => {
  const made = slide();
  const seen = { left: 0, top: 0, width: WIDTH, height: HEIGHT };
  const [first] = await made.layers([0], seen);
  assert.deepEqual([first?.picture.width, first?.picture.height], [WIDTH, HEIGHT]);
  await made.whole();
  const [whole] = await made.layers([0], seen);
  assert.deepEqual([whole?.picture.width, whole?.picture.height], [400, 360]);
});

function slide(): Slide {
  return new Slide(3, 400, 360);
}
