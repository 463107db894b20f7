import assert from "node:assert/strict";
import { test } from "node:test";
import { action, property, Thing, ThingHost } from "thingscope";
import { SimulatedStage, TestCamera } from "thingscope/things";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";
import { listen } from "./dashboard-server.ts";

/** A stage of somebody else's that answers with nonsense, and does not stop. */
class BrokenStage extends Thing {
  static override readonly types: readonly string[] = ["Stage"];

  @property("Where it is", Type.Any(), { readOnly: true, observable: true })
  get position() {
    return { x: null, y: "over there", z: 5 };
  }

  @action("Stop", { useGlobalLock: false })
  async stop(): Promise<void> {
    throw new Error("The broken stage does not answer. Switch it off.");
  }
}

/** An autofocus of one camera that only notes that it was asked. */
class NotedAutofocus extends Thing {
  static override readonly types: readonly string[] = ["Autofocus"];
  asked = 0;
  readonly #camera: string;

  constructor(camera: string) {
    super();
    this.#camera = camera;
  }

  @property("Its camera", Type.String(), { readOnly: true })
  get camera_name() {
    return this.#camera;
  }

  @action("Focus", { useGlobalLock: false })
  async fast_autofocus(): Promise<void> {
    this.asked += 1;
  }
}

test("with two instruments of each kind, Focus is that of the picture; a stage that tells nonsense is shown, and one that does not stop keeps no other from it", {
  timeout: TEST_MS,
}, async (t) => {
  const host = new ThingHost();
  const stage = new SimulatedStage({ speed: 100 });
  const [first, second] = [new NotedAutofocus("camera_1"), new NotedAutofocus("camera_2")];
  for (const n of [1, 2]) host.add(`camera_${n}`, new TestCamera());
  host.add("a_broken_stage", new BrokenStage());
  host.add("stage", stage);
  host.add("focus_1", first);
  host.add("focus_2", second);
  const { url } = await listen(t, host);
  const { page } = await openPage(t, { width: 1440, height: 900 });
  page.setDefaultTimeout(TEST_MS);
  await page.goto(`${url}/?camera=camera_2/mjpeg_stream`);
  const actions = page.locator("daily-actions");
  await page.locator("autofocus-panel").nth(1).waitFor();
  await actions.getByRole("button", { name: "Focus" }).click();
  await actions.getByText("Focused.").waitFor();
  assert.deepEqual([first.asked, second.asked], [0, 1]);

  const broken = page.locator("stage-panel").first();
  for (const [axis, text] of Object.entries({ x: "–", y: "–", z: "5" }))
    assert.equal(await broken.locator(`[data-axis="${axis}"]`).textContent(), text);
  const moving = host.get("stage").invoke("move_relative", { x: 1_000_000 });
  while (!stage.moving) await page.waitForTimeout(20);
  await actions.getByRole("button", { name: "Stop" }).click();
  await moving.ended;
  assert.notEqual(moving.status, "completed");
  await actions.getByText("The broken stage does not answer. Switch it off.").waitFor();
});
