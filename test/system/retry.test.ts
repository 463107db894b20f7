import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera, delay, type FrameSource, Thing, ThingHost } from "thingscope";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { openPage } from "./chromium.ts";
import { listen } from "./dashboard-server.ts";

/** What is as it has to be: its cable, its driver. */
const sound = new Set<string>();

class Laser extends Thing {
  override open(): void {
    if (!sound.has("laser")) throw new Error("The laser does not answer. Plug it in.");
  }
}

class Webcam extends Camera {
  override async open(): Promise<void> {
    if (!sound.has("webcam")) throw new Error("The webcam has no driver. Install it.");
    await super.open();
  }

  protected override source(): FrameSource {
    return pictures("webcam");
  }
}

/** Its source fails, and not the Thing. */
class Scanner extends Camera {
  protected override source(): FrameSource {
    return pictures("scanner");
  }
}

function pictures(name: string): FrameSource {
  return {
    async *frames() {
      if (!sound.has(name)) throw new Error(`The ${name}'s cable is out.`);
      for (;;) {
        yield { jpeg: await jpegOf(64, 48) };
        await delay(50);
      }
    },
  };
}

test("a lamp that has failed says why, and its Retry has the Thing opened, or its source tried, at once; so has that of the picture", {
  timeout: TEST_MS,
}, async (t) => {
  const host = new ThingHost({ settingsFolder: await temporaryFolder("thingscope-retry-") });
  host.add("laser", new Laser());
  host.add("webcam", new Webcam());
  const scanner = new Scanner();
  host.add("scanner", scanner);
  const { server, url } = await listen(t, host);
  const { page } = await openPage(t, { width: 1440, height: 900 });
  page.setDefaultTimeout(TEST_MS);
  t.after(scanner.mjpeg_stream.demand.take()); // so that its source is tried
  const failures = [
    ["laser", "The laser does not answer. Plug it in.", "Ready"],
    ["webcam", "The webcam has no driver. Install it.", "Idle"],
    ["scanner", "The scanner's cable is out.", "Live"],
  ] as const;
  for (const [name, why, then] of failures) {
    await page.goto(`${url}/health`);
    await page.getByRole("link", { name }).click();
    const lamp = page.locator("things-view thing-lamp[full]");
    const retry = lamp.getByRole("button", { name: "Retry" });
    await lamp.getByText(why).waitFor();
    await retry.click();
    await retry.and(page.locator(":enabled")).waitFor();
    await lamp.getByText(why).waitFor();
    sound.add(name);
    await retry.click();
    await lamp.getByText(then, { exact: true }).waitFor();
    assert.equal(await retry.count(), 0);
  }
  sound.clear();
  await host.exchange(["webcam"], async () => void host.add("webcam", new Webcam()));
  await server.thingsChanged();
  await page.goto(`${url}?camera=webcam/mjpeg_stream`);
  const view = page.locator("camera-view:not([compact])");
  const banner = view.locator(".banner");
  await banner.getByText(failures[1][1]).waitFor();
  sound.add("webcam");
  await banner.getByRole("button", { name: "Retry" }).click();
  await view.locator("[data-state=streaming]").waitFor();
});
