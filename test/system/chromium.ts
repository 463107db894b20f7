import { existsSync, readdirSync, readFileSync } from "node:fs";
import { after, type TestContext } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";

const PROGRAM = "/usr/bin/chromium";

/** One for all tests of a file, which run one after another: to start it takes longer than most of them. */
let launched: Promise<Browser> | undefined;
after(async () => (await launched)?.close());

/**
 * A page in the system's Chromium that ends with the test, as all its pages; what it complains of is in `complaints`.
 * @param options - `args` are of the browser, which the first page of a file launches.
 */
export async function openPage(
  t: TestContext,
  { width = 1280, height = 800, args = [] as readonly string[] } = {},
): Promise<{ page: Page; browser: Browser; complaints: string[] }> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing. Install it: scripts/setup`);
  launched ??= chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox", ...args] });
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

/** Requests of a page to an address wait until they are released. @returns a way to release them, and how many came. */
export async function holdBack(page: Page, address: RegExp) {
  let count = 0;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(address, async (route) => {
    count += 1;
    await released;
    await route.continue();
  });
  return { release, count: () => count };
}

/** An expression for the canvas of the page's `<camera-view>`, whose pixels its worker draws. */
export const PICTURE = `document.querySelector("camera-view").shadowRoot.querySelector("canvas.picture")`;

/** Red, green, blue and opacity of pixels of the picture that is shown. */
export function pixelsOf(
  page: Page,
  [left, top, width, height]: readonly [number, number, number, number],
): Promise<number[]> {
  return page.evaluate(`(() => {
    const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const picture = ${PICTURE};
    pen.canvas.width = picture.width;
    pen.canvas.height = picture.height;
    pen.drawImage(picture, 0, 0);
    return Array.from(pen.getImageData(${left}, ${top}, ${width}, ${height}).data);
  })()`);
}

/** Index of the frame that is shown. */
export async function shownIndex(page: Page): Promise<number> {
  return Number.parseInt((await page.textContent(".index .number")) ?? "", 10);
}

/** Processes of the pages, for `Elapsed`. */
export function rendererPids(): number[] {
  return readdirSync("/proc")
    .filter((name) => isRenderer(name))
    .map(Number);
}

function isRenderer(pid: string): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer")) return false;
    return isOurs(pid);
  } catch {
    return false; // no process, or one that has ended
  }
}

function isOurs(pid: string): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]!;
  return Number(parent) === process.pid || (Number(parent) > 1 && isOurs(parent));
}
