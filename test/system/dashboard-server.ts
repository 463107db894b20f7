import { mkdtemp } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Page } from "playwright-core";
import { Thing, ThingHost, ThingServer } from "thingscope";
import { SimulatedStage, TestCamera } from "thingscope/things";

class Laser extends Thing {
  override open(): void {
    throw new Error("The laser does not answer. Plug it in.");
  }
}

/** A server with cameras, a stage, and a laser that does not open. */
export async function laboratory(test: TestContext, cameras: number) {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  // Playwright has every frame of a WebSocket told to the test, which also draws the cameras' pictures.
  const mode = { framerate: 10 };
  for (let n = 1; n <= cameras; n++) host.add(`camera_${n}`, new TestCamera({ mode }));
  host.add("stage", new SimulatedStage());
  host.add("laser", new Laser());
  return { host, ...(await listen(test, host)) };
}

/** A server for a host, at a port that another one has left. */
export async function listen(test: TestContext, host: ThingHost, port = 0) {
  const server = new ThingServer(host);
  test.after(() => server.close());
  return { server, ...(await server.listen({ port })) };
}

/** A way to the server on which connections are counted. */
export async function countingWay(test: TestContext, port: number) {
  let open = 0;
  const counts: number[] = [];
  const way = createServer((client) => {
    open += 1;
    client.once("data", () => counts.push(open)); // when those that it takes the place of are seen to have ended
    const onward = connect(port, "127.0.0.1");
    client.pipe(onward).pipe(client);
    client.on("error", () => onward.destroy());
    onward.on("error", () => client.destroy());
    client.on("close", () => open--);
  });
  await new Promise<void>((resolve) => way.listen(0, "127.0.0.1", resolve));
  test.after(() => way.close());
  const address = way.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    now: () => open,
    most: () => Math.max(...counts),
  };
}

/** Whether all of the page is in its window. */
export async function fits(page: Page): Promise<boolean> {
  return page.evaluate(
    "document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight",
  );
}

/** Resolves when so many pictures of a page are live, and what the dashboard shows beside them is there. The page's policy forbids `waitForFunction`. */
export async function areLive(page: Page, count: number): Promise<void> {
  while (!(await page.evaluate(`(${livePictures})()`).then((live) => Number(live) >= count)))
    await page.waitForTimeout(50);
}

const livePictures = `() => {
  const roots = [document];
  let live = 0;
  for (const root of roots) {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) roots.push(element.shadowRoot);
      if (element.localName === "camera-view" && element.live?.report?.index >= 0) live += 1;
    }
  }
  const isWhole = !document.querySelector("dashboard-page") || customElements.get("instrument-cards");
  return isWhole ? live : -1;
}`;
