import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { Camera, type FrameSource } from "thingscope";
import { Elapsed } from "../elapsed.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { openPage, rendererPids } from "./chromium.ts";
import { dot, gauge, ofView, Scope, scopeServer, until } from "./live-scope.ts";

const timeout = TEST_MS;

/** A camera whose cable is out. */
class Unplugged extends Camera {
  protected override source(): FrameSource {
    return {
      // biome-ignore lint/correctness/useYield: it fails before it has a frame
      async *frames() {
        throw new Error("The cable is out.");
      },
    };
  }
}

const setHidden = (page: Page, isHidden: boolean) =>
  page.evaluate(`
    Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  `);

test("a live picture whose camera, network or server fails", { timeout }, async (outer) => {
  let { scope, server, host, url, port } = await scopeServer();
  after(() => server.close());
  scope.picture = dot;
  const { page } = await openPage(outer, { width: 640, height: 600 });
  await page.goto(`${url}/scope/live/viewer`);
  const streaming = page.locator("[data-state=streaming]");
  const banner = page.locator(".banner");
  const show = (src: string) => ofView(page, `void (view.src = ${JSON.stringify(src)})`);
  await streaming.waitFor();

  await outer.test(
    "a camera that stops is stale within 2 s, and live with its next frame",
    async () => {
      scope.picture = undefined;
      const elapsed = new Elapsed(...rendererPids());
      await banner.getByText(/^STALE/).waitFor();
      const { ms } = elapsed;
      outer.diagnostic(`stale after ${Math.round(ms)} ms`);
      assert.ok(ms < 2000, `${ms} ms`);
      await banner.getByText("No newer frame has arrived.").waitFor();
      scope.picture = dot;
      await streaming.waitFor();
    },
  );

  await outer.test(
    "it says why there is no picture: refused, unplugged, gone, not to be decoded",
    async () => {
      await show("/scope/closed");
      await banner.getByText("This stream already has 0 viewers, which is its limit.").waitFor();
      await host.exchange([], async () => {
        host.add("unplugged", new Unplugged());
        await server.thingsChanged();
      });
      await show("/unplugged/mjpeg_stream");
      await banner.getByText("The cable is out.").waitFor();
      await host.exchange(["unplugged"], async () => {});
      await banner.getByText(/'unplugged'/).waitFor();
      await show("/scope/live");
      await streaming.waitFor();
      const [worker] = page.workers();
      const breaks = `self.decode = createImageBitmap; self.createImageBitmap = async () => { throw new Error("no"); }`;
      await worker!.evaluate(breaks);
      await banner.getByText(/this browser cannot decode them/).waitFor();
      await worker!.evaluate("self.createImageBitmap = self.decode");
      await streaming.waitFor();
    },
  );

  await outer.test("a camera that changes its size is shown in its new shape", async () => {
    scope.picture = await jpegOf(320, 320);
    await page.locator(".facts .pixels", { hasText: "320 × 320" }).waitFor();
    await until(() =>
      ofView(page, "view.zoom.picture.height === 320 && view.canvas.height === 320"),
    );
    scope.picture = dot;
    await page.locator(".facts .pixels", { hasText: "1200 × 900" }).waitFor();
  });

  await outer.test(
    "without an address, or out of sight, nothing is asked for; one that comes a hundred times leaves nothing",
    async () => {
      await show("");
      await until(() => scope.live.stats.viewers === 0);
      await show("/scope/live");
      await streaming.waitFor();
      await page.evaluate(`document.querySelector("main").style.marginTop = "5000px"`);
      await until(() => scope.live.stats.viewers === 0);
      await page.evaluate(`document.querySelector("main").style.marginTop = ""`);
      await until(() => scope.live.stats.viewers === 1);
      await page.evaluate(`(async () => {
      const view = document.querySelector("camera-view");
      const parent = view.parentElement;
      for (let n = 0; n < 100; n++) {
        view.remove();
        if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve));
        if (n % 5 === 0) view.src = n % 2 ? "/scope/live" : "";
        parent.append(view);
        if (n % 2 === 0) await new Promise((resolve) => setTimeout(resolve));
      }
      view.src = "/scope/live";
    })()`);
      await streaming.waitFor();
      await until(() => scope.live.stats.viewers === 1 && scope.live.demand.count === 1);
      assert.equal(page.workers().length, 1);
      assert.equal(await gauge(url, "websocket_connections"), 1);
    },
  );

  await outer.test(
    "a tab that is hidden has no connection, and is live again when it is shown",
    async () => {
      await setHidden(page, true);
      await until(async () => (await gauge(url, "websocket_connections")) === 0);
      assert.equal(scope.live.demand.count, 0);
      await setHidden(page, false);
      await until(() => scope.live.stats.viewers === 1);
      await streaming.waitFor();
    },
  );

  await outer.test("a page that the browser freezes is live again when it resumes", async () => {
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    const { lastFrameIndex } = scope.live;
    await until(() => ofView(page, `view.live.report?.index > ${lastFrameIndex}`));
    await streaming.waitFor();
  });

  await outer.test("F46: when its server is back, it is live again within 5 s", async () => {
    scope.picture = undefined;
    await server.close();
    await banner.getByText("The server does not answer. This page keeps trying.").waitFor();
    ({ scope, server, host, url } = await scopeServer(port));
    scope.picture = dot;
    const elapsed = new Elapsed(...rendererPids());
    await streaming.waitFor();
    const { ms } = elapsed;
    outer.diagnostic(`live again after ${Math.round(ms)} ms`);
    assert.ok(ms < 5000, `${ms} ms`);
  });

  await outer.test(
    "newer pages are loaded once; when an old one comes again, it does not go on",
    async () => {
      let loads = 0;
      page.on("load", () => loads++);
      await page.route(
        (address) => address.pathname === "/scope/live/viewer",
        async (route) => {
          if (route.request().resourceType() === "document") return route.continue();
          const answer = await route.fetch();
          const body = (await answer.text()).replaceAll(/assets\/[\w-]+\//g, "assets/another/");
          return route.fulfill({ response: answer, body });
        },
      );
      const compare = () =>
        page.evaluate(`(async () => {
        const base = document.querySelector("script[type=module][src]").src.replace(/public\\/.*$/, "public/");
        const { versions } = await import(base + "frames/pictures.js");
        versions.dispatchEvent(new CustomEvent("version", { detail: "another" }));
      })()`);
      await compare();
      await until(() => loads === 1);
      await streaming.waitFor();
      const asked = page.waitForResponse(
        (response) => response.request().resourceType() === "fetch",
      );
      await compare();
      await asked;
      await streaming.waitFor();
      assert.equal(loads, 1);
    },
  );
  assert.ok(scope instanceof Scope);
});
