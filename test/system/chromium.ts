import { existsSync } from "node:fs";
import type { TestContext } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";

const PROGRAM = "/usr/bin/chromium";

/** A page in the system's Chromium that ends with the test; what it complains of is in `complaints`. */
export async function openPage(
  t: TestContext,
  { width = 1280, height = 800 } = {},
): Promise<{ page: Page; browser: Browser; complaints: string[] }> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing. Install it: scripts/setup`);
  const browser = await chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox"] });
  t.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width, height } });
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { page, browser, complaints };
}
