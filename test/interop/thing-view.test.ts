import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS } from "../limits.ts";
import { serverFor } from "../server/requests.ts";
import { openPage } from "../system/chromium.ts";
import { labThingsCamera } from "./labthings-camera.ts";

const timeout = TEST_MS;

test("<thing-view> on anyone's page shows a camera of labthings-fastapi, writes its property and runs its actions", {
  timeout,
}, async (t) => {
  const camera = await labThingsCamera(t);
  const script = readFileSync(packagePath("dist/public/bundled/elements.js"));
  const { port } = await serverFor(t, ({ url }, response) => {
    const isScript = url === "/elements.js";
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
    response.end(
      isScript
        ? script
        : `<!doctype html><html lang="en"><link rel="icon" href="data:,"><script src="elements.js"></script><thing-view src="${camera}"></thing-view>`,
    );
  });
  const { page, complaints } = await openPage(t, { width: 1440, height: 900 });
  await page.goto(`http://localhost:${port}`);
  await page.getByText("A camera of labthings-fastapi").waitFor();
  const gain = page.locator('property-control[name="gain"]').getByRole("spinbutton");
  const read = async () => (await fetch(`${camera}gain`)).json();
  await gain.fill("2.5");
  await gain.press("Enter");
  while ((await read()) !== 2.5) await page.waitForTimeout(20);
  const action = (name: string) =>
    page.locator("action-form", { has: page.getByRole("form", { name, exact: true }) });
  const start = (name: string, label = name) =>
    action(name).getByRole("button", { name: label, exact: true }).click();
  await action("Add").getByLabel("A", { exact: true }).fill("2");
  await action("Add").getByLabel("B", { exact: true }).fill("3");
  await start("Add");
  await action("Add").getByText("adding").waitFor();
  await action("Add").getByText("5", { exact: true }).waitFor();
  await start("Fail");
  await action("Fail").getByText("out of film").first().waitFor();
  await start("Picture");
  await action("Picture").getByRole("img").waitFor();
  await start("Wait");
  await start("Wait", "Cancel");
  await action("Wait").getByText("Cancelled", { exact: true }).waitFor();
  assert.deepEqual(complaints, []);
});
