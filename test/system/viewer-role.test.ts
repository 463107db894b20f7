import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { bearer, secured } from "../server/secured.ts";
import { openPage } from "./chromium.ts";

test("a login that may only view sees values and why nothing can be changed, once; a role that ends is told", {
  timeout: TEST_MS,
}, async (t) => {
  const { url, camera, tokens } = await secured(t, { users: true });
  const { page } = await openPage(t, { width: 1440, height: 900 });
  const headers = { ...bearer(tokens.admin), "Content-Type": "application/json" };
  const body = JSON.stringify({ role: "view" });
  const answer = await fetch(`${url}/login/links`, { method: "POST", headers, body });
  const { links } = Object(await answer.json());
  await page.goto(`${url}/login${new URL(links[0].url).hash}`);
  await page.getByRole("button", { name: "guest view" }).waitFor();
  await page.goto(`${url}/?view=things&thing=camera`);
  const view = page.locator("thing-view");
  await view
    .getByText("has the role view, which changes nothing. Log in with the role operate.")
    .waitFor();
  assert.equal(await view.getByText("which changes nothing").count(), 1, "not beside each action");
  const exposure = view.getByRole("spinbutton", { name: "Exposure" });
  while ((await exposure.inputValue()) !== String(camera.exposure)) await page.waitForTimeout(20);
  assert.ok(await exposure.isDisabled());
  assert.equal(await view.locator("action-form button[type=submit]:enabled").count(), 0);
  const sessions = await fetch(`${url}/login/sessions`, { headers });
  const [{ id }] = Object(await sessions.json());
  await fetch(`${url}/login/sessions/${id}`, { method: "DELETE", headers });
  await page.getByRole("radio", { name: "Name and password" }).waitFor(); // the page shows where to log in
});
