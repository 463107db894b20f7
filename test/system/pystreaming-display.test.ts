import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import { display, loadimage, TEST_S } from "thingscope/pystreaming";
import { TEST_MS } from "../limits.ts";
import { openPage, pixelsOf } from "./chromium.ts";

const timeout = TEST_MS;

/** A loop that shows frames until it is told to end, as scripts do; resolves to what ended it. */
function showing(frame: () => Parameters<typeof display>[0], options: object) {
  let open: (url: string) => void = () => {};
  const url = new Promise<string>((resolve) => {
    open = resolve;
  });
  const ended = (async () => {
    try {
      for (;;) {
        await display(frame(), { onOpen: open, ...options });
        await after(33);
      }
    } catch (error) {
      return error as Error;
    }
  })();
  return { url, ended };
}

for (const BGR of [false, true]) {
  test(`display shows frames with ${BGR ? "blue" : "red"} first in their colours, until Escape is pressed`, {
    timeout,
  }, async (t) => {
    const data = new Uint8Array(320 * 240 * 3);
    for (let at = 0; at < data.length; at += 3) data.set(BGR ? [20, 90, 230] : [230, 90, 20], at);
    const frame = { data, width: 320, height: 240, channels: 3 as const };
    const { url, ended } = showing(() => frame, { BGR });
    const { page, complaints } = await openPage(t);
    await page.goto(await url);
    await page.waitForSelector('[data-state="streaming"]');
    const colour = (await pixelsOf(page, [160, 120, 1, 1])).slice(0, 3);
    const off = Math.max(...[230, 90, 20].map((value, n) => Math.abs(value - colour[n]!)));
    assert.ok(off <= 8, `${colour}`);
    assert.deepEqual(complaints, []);
    await page.keyboard.press("Escape");
    const { name } = await ended;
    assert.equal(name, "AbortError");
    await page.waitForSelector("text=Escape was pressed");
  });
}

test("a signal ends the display, and its page is gone", { timeout }, async () => {
  const card = await loadimage(TEST_S);
  const stop = new AbortController();
  const { url, ended } = showing(() => card, { signal: stop.signal });
  const page = await url;
  assert.equal((await fetch(page)).status, 200);
  stop.abort();
  assert.equal((await ended).name, "AbortError");
  for (;;) {
    const isThere = await fetch(page).then(
      () => true,
      () => false,
    );
    if (!isThere) break;
    await after(20);
  }
});

test("a page of another origin cannot end it", { timeout }, async () => {
  const card = await loadimage(TEST_S);
  const stop = new AbortController();
  const { url, ended } = showing(() => card, { signal: stop.signal });
  const end = new URL("end", await url);
  const headers = { Origin: "http://evil.example", "Content-Type": "application/json" };
  assert.equal((await fetch(end, { method: "POST", headers, body: "{}" })).status, 403);
  stop.abort();
  await ended;
});
