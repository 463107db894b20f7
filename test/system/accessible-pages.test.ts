import { test } from "node:test";
import { folderWith, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { assertAccessible } from "./accessibility.ts";
import { openPage } from "./chromium.ts";

const isLong = Boolean(process.env.THINGSCOPE_LONG);

/** Each page, and what is there when it is whole. */
const PAGES = [
  ["bench", "", "instrument-cards h2"],
  ["wall", "?view=wall", "camera-view [data-state=streaming]"],
  ["things", "?view=things", "things-view h1, things-view h2"],
  ["recordings", "?view=recordings", "recordings-view"],
  ["viewer", "camera/mjpeg_stream/viewer", "[data-state=streaming]"],
  ["API", "docs", "h1, h2"],
  ["health", "health", "h1"],
  ["not found", "nowhere", "h1"],
  ["description", "stage/", "h1"],
] as const;

test("axe-core finds no fault with any page, light or dark", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await serveCli(t, await folderWith({}));
  const { page } = await openPage(t, { width: 1440, height: 900 });
  for (const [name, path, whole] of PAGES) {
    await page.goto(`${url}/${path}`, { waitUntil: "domcontentloaded" });
    await page.locator(whole).first().waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const rules = isLong || colorScheme === "light" ? "all" : "colours";
      await assertAccessible(page, `${name}, ${colorScheme}`, rules);
    }
  }
});
