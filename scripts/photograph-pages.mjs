#!/usr/bin/env node
// Makes docs/images/*.webp, the pages as they look, of the simulated microscope in use: node scripts/photograph-pages.mjs [name ...]
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
/** Which server shows it, where, and until when one waits for it. */
const PAGES = {
  bench: ["microscope", "", "camera-view [data-state=streaming]"],
  wall: ["wall", "?view=wall", "camera-view [data-state=streaming]"],
  things: ["microscope", "?view=things&thing=stage", "thing-view"],
  recordings: ["microscope", "?view=recordings", "recordings-view img"],
  player: ["microscope", "?view=recordings&recording={recording}", "recording-player output"],
  viewer: ["microscope", "camera/mjpeg_stream/viewer", "[data-state=streaming]"],
  api: ["microscope", "docs", "api-operation"],
  health: ["microscope", "health", "health-document"],
  missing: ["microscope", "nowhere", "h1"],
  description: ["microscope", "stage/", "description-document"],
  login: ["login", "login", "#token"],
};
/** What each server is started with. */
const SERVERS = {
  microscope: ["--simulated"],
  login: ["--simulated", "--login"],
  wall: [configFile()],
};
const LIVE_MS = 1500;
const RECORD_MS = 4000;

mkdirSync(folder, { recursive: true });
const pages = Object.entries(PAGES).filter(
  ([name]) => chosen.length === 0 || chosen.includes(name),
);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
try {
  for (const [kind, args] of Object.entries(SERVERS)) {
    const own = pages.filter(([, [of]]) => of === kind);
    if (own.length === 0) continue;
    const { url, stop } = await serve(args);
    try {
      const recording = kind === "microscope" ? await use(url) : "";
      for (const [name, [, path, ready]] of own)
        for (const size of SIZES)
          for (const scheme of ["light", "dark"])
            await shoot(name, url + path.replace("{recording}", recording), ready, size, scheme);
    } finally {
      stop();
    }
  }
} finally {
  await browser.close();
}

async function shoot(name, address, ready, [size, width, height], colorScheme) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    hasTouch: size === "phone",
    isMobile: size === "phone",
  });
  const page = await context.newPage();
  await page.goto(address, { waitUntil: "domcontentloaded" });
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

/** Calibrates, focuses, and records, as somebody does who uses it. @returns The recording's id. */
async function use(url) {
  await (await fetch(`${url}camera/mjpeg_stream/next`)).arrayBuffer(); // its pictures are rendered first
  await run(url, "camera_stage_mapping/calibrate_xy");
  await run(url, "stage/move_relative", { z: 300 });
  await run(url, "autofocus/fast_autofocus", { dz: 1500 });
  await run(url, "recorder/capture_still");
  const recorded = run(url, "recorder/record", { until_stopped: true });
  await new Promise((resolve) => setTimeout(resolve, RECORD_MS));
  await run(url, "recorder/stop_recording");
  await recorded;
  const list = await (await fetch(`${url}recorder/recordings`)).json();
  return list.find(({ name }) => name.endsWith(".mkv")).id;
}

/** Runs an action to its end. */
async function run(url, action, input = {}) {
  const headers = { "Content-Type": "application/json" };
  const begun = await fetch(url + action, { method: "POST", headers, body: JSON.stringify(input) });
  let state = await begun.json();
  while (/^(pending|running)$/.test(state.status)) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    state = await (await fetch(state.href)).json();
  }
  if (state.status !== "completed") throw new Error(`${action}: ${JSON.stringify(state)}`);
}

/** Six cameras of the sizes and pictures that there are without hardware. */
function configFile() {
  const sizes = [
    [640, 480],
    [1280, 720],
    [1920, 1080],
  ];
  const camera = ([width, height], n) => ({
    class: "thingscope/things:TestCamera",
    kwargs: { mode: { width, height, framerate: 10 }, picture: n < 3 ? "photograph" : "card" },
  });
  const names = ["door", "cage_1", "cage_2", "printer", "bench", "yard"];
  const things = Object.fromEntries(names.map((name, n) => [name, camera(sizes[n % 3], n)]));
  const path = join(mkdtempSync(join(tmpdir(), "thingscope-wall-")), "wall.json");
  writeFileSync(path, JSON.stringify({ things }));
  return path;
}

function serve(args) {
  const work = mkdtempSync(join(tmpdir(), "thingscope-pages-"));
  const main = join(root, "dist", "src", "cli", "main.js");
  const server = spawn(process.execPath, [main, "serve", ...args, "--port", "0"], {
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
