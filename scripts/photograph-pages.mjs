#!/usr/bin/env node
// Makes docs/images/*.webp, the pages of the simulated microscope as they look: node scripts/photograph-pages.mjs [name ...]
// OUT=FOLDER writes them as PNG elsewhere, each width in light and dark, to be looked at.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import sharp from "sharp";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = process.env.OUT ?? join(root, "docs", "images");
const chosen = process.argv.slice(2);
const SIZES = [
  ["wide", 1440, 900],
  ["phone", 390, 844],
];
/** What is shown, and until when one waits for it. */
const PAGES = {
  bench: ["", "camera-view [data-state=streaming]"],
  wall: ["?view=wall", "camera-view [data-state=streaming]"],
  things: ["?view=things", "dashboard-page"],
  recordings: ["?view=recordings", "dashboard-page"],
  viewer: ["camera/mjpeg_stream/viewer", "[data-state=streaming]"],
  api: ["docs", "body"],
  health: ["health", "body"],
  missing: ["nowhere", "body"],
  description: ["stage/", "body"],
  login: ["login", "#token"],
};
const LIVE_MS = 1500;

mkdirSync(folder, { recursive: true });
const { url, stop } = await serve();
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  for (const [name, [path, ready]] of Object.entries(PAGES)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    for (const size of SIZES)
      for (const scheme of ["light", "dark"]) await shoot(name, path, ready, size, scheme);
  }
} finally {
  await browser.close();
  stop();
}

async function shoot(name, path, ready, [size, width, height], colorScheme) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    hasTouch: size === "phone",
    isMobile: size === "phone",
  });
  const page = await context.newPage();
  await page.goto(url + path, { waitUntil: "domcontentloaded" });
  await page
    .locator(ready)
    .first()
    .waitFor({ timeout: 20_000 })
    .catch((error) => console.error(`${name}: ${error.message.split("\n")[0]}`));
  await page.waitForTimeout(LIVE_MS);
  const picture = await page.screenshot();
  const file = `${name}-${size}-${colorScheme}`;
  if (process.env.OUT) writeFileSync(join(folder, `${file}.png`), picture);
  else
    await sharp(picture)
      .webp({ quality: 80 })
      .toFile(join(folder, `${file}.webp`));
  await context.close();
}

/** The microscope that is served without a configuration. */
function serve() {
  const work = mkdtempSync(join(tmpdir(), "thingscope-pages-"));
  const main = join(root, "dist", "src", "cli", "main.js");
  const server = spawn(process.execPath, [main, "serve", "--simulated", "--port", "0"], {
    cwd: work,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    let said = "";
    server.once("exit", () => reject(new Error(said)));
    server.stdout.on("data", (data) => {
      said += data;
      const [found] = /http:\/\/127\.0\.0\.1:\d+\//.exec(said) ?? [];
      if (found) resolve({ url: found, stop: () => server.kill() });
    });
  });
}
