import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Page } from "playwright-core";
import {
  action,
  event,
  MJPEGStream,
  property,
  stream,
  Thing,
  ThingEvent,
  ThingHost,
  ThingServer,
} from "thingscope";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";

const timeout = TEST_MS;
const RUNS = "window.hacked=1";
const HOSTILE: string = `"><img src=x onerror="${RUNS}"><script>${RUNS}</script></script><svg onload=${RUNS}>'\`\${${RUNS}}javascript:${RUNS}`;

class Hostile extends Thing {
  static override readonly title = HOSTILE;
  static override readonly description = HOSTILE;
  @property(
    HOSTILE,
    Type.String({ unit: HOSTILE, title: HOSTILE, description: HOSTILE, default: HOSTILE }),
  )
  accessor label = HOSTILE;
  @property(HOSTILE, Type.Enum([HOSTILE, "other"]))
  accessor mode: string = HOSTILE;
  @event(HOSTILE, Type.String({ title: HOSTILE })) readonly happened = new ThingEvent<string>();
  @stream(HOSTILE) readonly live = new MJPEGStream();
  @action(HOSTILE, { input: Type.Object({ text: Type.String({ description: HOSTILE }) }) })
  async fail(): Promise<void> {
    throw new Error(HOSTILE);
  }
  override open(): void {
    throw new Error(HOSTILE);
  }
}

async function serveHostile(t: TestContext): Promise<string> {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("hostile", new Hostile());
  const server = new ThingServer(host);
  t.after(() => server.close());
  return (await server.listen({ port: 0 })).url;
}

/** What a page shows, inside elements too, and what has become of the words that is more than words. */
const FOUND = `(() => {
  const roots = [document];
  for (const root of roots)
    for (const { shadowRoot } of root.querySelectorAll("*")) if (shadowRoot) roots.push(shadowRoot);
  const text = roots.map((root) => (root.body ?? root).textContent).join(" ");
  const made = roots.flatMap((root) => [...root.querySelectorAll('img[src="x"], svg[onload]')]);
  return { showsWords: text.includes("onerror="), made: made.length, hacked: window.hacked ?? null };
})()`;

/** That the page shows the words as words, and that none of them has run or become an element. */
async function assertHarmless(page: Page, where: string): Promise<void> {
  assert.deepEqual(await page.evaluate(FOUND), { showsWords: true, made: 0, hacked: null }, where);
}

test("words of Things that look like HTML or scripts are words on every page", {
  timeout,
}, async (t) => {
  const url = await serveHostile(t);
  const { page } = await openPage(t);
  await page.goto(url);
  await page.getByText("onerror=").first().waitFor();
  await assertHarmless(page, "the first page");
  await page.goto(`${url}/docs#put_hostile_label`);
  await page.waitForSelector("#put_hostile_label try-form");
  await assertHarmless(page, "the API page");
  await page.goto(`${url}/docs#get_hostile_label`);
  await page.locator("#get_hostile_label").getByRole("button", { name: "Send" }).click();
  await page.waitForSelector("#get_hostile_label .headers");
  await assertHarmless(page, "an answer on the API page");
  await page.goto(`${url}/hostile/live/viewer`);
  await page.waitForLoadState("domcontentloaded");
  assert.equal(await page.evaluate("window.hacked ?? null"), null);
  await page.goto(`${url}/docs#%22%3E%3Cimg%20src=x%20onerror=${RUNS}%3E`);
  assert.equal(await page.evaluate("window.hacked ?? null"), null);
});
