import { existsSync } from "node:fs";
import { after, type TestContext } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";

const PROGRAM = "/usr/bin/chromium";

/** One for all tests of a file, which run one after another: to start it takes longer than most of them. */
let launched: Promise<Browser> | undefined;
after(async () => (await launched)?.close());

/** A page in the system's Chromium that ends with the test, as all its pages; what it complains of is in `complaints`. */
export async function openPage(
  t: TestContext,
  { width = 1280, height = 800 } = {},
): Promise<{ page: Page; browser: Browser; complaints: string[] }> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing. Install it: scripts/setup`);
  launched ??= chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox"] });
  const browser = await launched;
  t.after(() => Promise.all(browser.contexts().map((context) => context.close())));
  const page = await browser.newPage({ viewport: { width, height } });
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { page, browser, complaints };
}
