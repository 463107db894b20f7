import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, runCli, serveCli } from "../cli/run-cli.ts";
import { blocksOf, pageText } from "../docs/page.ts";
import { TEST_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";

const timeout = TEST_MS;
const PRINTED = "http://127.0.0.1:5000";

function picturesOf(page: string): string[] {
  return blocksOf(page)
    .filter(({ language }) => language === "html")
    .map(({ text }) => text);
}

/** The widths of the pictures that Chromium shows of a file on the disk with this in it; 0 of one that it does not show. */
async function widthsIn(t: TestContext, folder: string, html: string): Promise<number[]> {
  const { page } = await openPage(t);
  const file = join(folder, "mine.html");
  await writeFile(file, html);
  await page.goto(`file://${file}`, { waitUntil: "domcontentloaded" }); // a stream never ends, and so the page never loads
  await page.waitForFunction(
    `document.images.length > 0 && [...document.images].every((image) => image.naturalWidth || image.complete)`,
  );
  return page.evaluate("[...document.images].map((image) => image.naturalWidth)");
}

/** The pages' pictures as they are printed, each in one line of HTML. */
function printedPictures(): string {
  const [signed, embedded = ""] = picturesOf(pageText("access.md"));
  assert.match(signed ?? "", /signature=/);
  return [
    ...picturesOf(readFileSync(packagePath("README.md"), "utf8")),
    ...picturesOf(pageText("http-api.md")),
    ...picturesOf(pageText("clients.md")),
    embedded,
  ].join("");
}

test("each <img> of the pages shows the simulated microscope in a file of one's own, as printed", {
  timeout,
}, async (t) => {
  const folder = await folderWith({});
  const { url } = await serveCli(t, folder, "--simulated");
  const html = printedPictures().replaceAll(PRINTED, url);
  assert.deepEqual(await widthsIn(t, folder, html), [800, 800, 400, 800]);
});

test("a camera of one's own is shown there with --embed, and not without", {
  timeout,
}, async (t) => {
  const things = {
    camera: "thingscope/things:SimulatedCamera",
    stage: "thingscope/things:SimulatedStage",
  };
  const folder = await folderWith({ "lab.json": JSON.stringify({ things }) });
  for (const [options, widths] of [
    [["--embed"], [800, 800, 400, 800]],
    [[], [0, 0, 0, 0]],
  ]) {
    const server = await serveCli(t, folder, "lab.json", ...(options as string[]));
    const html = printedPictures().replaceAll(PRINTED, server.url);
    assert.deepEqual(await widthsIn(t, folder, html), widths);
    await server.stop();
  }
});

test("the signed <img> of docs/access.md shows the camera in a file of one's own, login or not", {
  timeout,
}, async (t) => {
  const folder = await folderWith({});
  const { url } = await serveCli(t, folder, "--login");
  const token = (await runCli(folder, "tokens", "create", "--role", "view")).stdout.trim();
  const answer = await fetch(`${url}/signed_urls`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ path: "/camera/mjpeg_stream", seconds: 60 }),
  });
  const signed = Object(await answer.json());
  const [printed = ""] = picturesOf(pageText("access.md"));
  const mine = printed.replace(/http[^"]*(?=&width)/, signed.url);
  assert.ok(mine.includes(signed.url), mine);
  assert.deepEqual(await widthsIn(t, folder, mine), [400]);
  const forged = mine.replace(/signature=./, "signature=");
  assert.deepEqual(await widthsIn(t, folder, forged), [0]);
});
