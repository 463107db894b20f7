// Cameras of other systems, configured here by mistake.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MacCamera, WindowsCamera } from "../../things/index.ts";
import { TEST_MS } from "../limits.ts";
import { watched } from "./cameras.ts";

test("a camera of another system says which class to use here", {
  timeout: TEST_MS,
}, async (t) => {
  for (const [Class, options] of [
    [MacCamera, {}],
    [WindowsCamera, { device: "Integrated Camera" }],
  ] as const) {
    const { until } = await watched(t, Class, options);
    assert.match(await until("failed"), /On Linux use V4L2Camera\.$/);
  }
});
