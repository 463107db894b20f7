// docs/adding-a-camera.md, done as it is printed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { Child } from "../../src/processes/child.ts";
import { folderWith, install, serveCli } from "../cli/run-cli.ts";
import { wordsOf } from "../docs/curl.ts";
import { blocksOf, pageText } from "../docs/page.ts";
import { TEST_MS } from "../limits.ts";
import { freePort } from "./cameras.ts";

const blocks = blocksOf(pageText("adding-a-camera.md"));
const files = blocks.flatMap(({ file, text }) => (file ? [[file, text] as const] : []));

test("the page's camera is a class of less than 60 lines, which the compiler checks", () => {
  assert.deepEqual(
    files.map(([file]) => file),
    ["drone-camera.ts", "drone.yaml"],
  );
  for (const [file, text] of files) {
    const example = readFileSync(packagePath("examples", "adding-a-camera", file), "utf8");
    assert.equal(text, example, file);
    assert.ok(text.split("\n").length < 60);
  }
});

test("the page's commands serve what is sent", { timeout: TEST_MS }, async (t) => {
  const port = String(await freePort());
  const here = (text: string) => text.replaceAll("5600", port);
  const folder = await folderWith({
    ...Object.fromEntries(files.map(([file, text]) => [file, here(text)])),
    "package.json": "{}",
  });
  await install(folder);
  const commands =
    blocks
      .find(({ language }) => language === "sh")
      ?.text.trim()
      .split("\n") ?? [];
  assert.equal(commands[0], "thingscope serve drone.yaml");
  const server = await serveCli(t, folder, "drone.yaml");
  const [program = "", ...args] = wordsOf(here(commands[1]!));
  const drone = new Child({ program, args: ["-loglevel", "error", ...args] });
  t.after(() => drone.stop());
  const picture = await fetch(`${server.url}/drone/mjpeg_stream/snapshot?wait=20`);
  assert.deepEqual([picture.status, picture.headers.get("content-type")], [200, "image/jpeg"]);
});
