import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { FilersServer } from "thingscope/filers";
import { READABLE_FORMATS } from "thingscope/frames";
import { packagePath } from "../../src/base/package-root.ts";
import { thingModelOf } from "../../src/core/thing-model.ts";
import { folderWith, install, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { firstFrame } from "../streams/watching.ts";
import { curl } from "./curl.ts";
import { blocksOf, pageText } from "./page.ts";

const PAGE = pageText("filers.md");
const BLOCKS = blocksOf(PAGE);

test("the configurations, commands and the script of docs/filers.md do what it says", {
  timeout: TEST_MS,
}, async (t) => {
  const [served = "", remote = ""] = BLOCKS.filter(({ language }) => language === "yaml").map(
    ({ text }) => text,
  );
  const example = await readFile(packagePath("examples", "filers.yaml"), "utf8");
  assert.equal(example.replace(/^#.*\n/, ""), served);
  const script = BLOCKS.find(({ file }) => file === "play.mjs")?.text ?? "";
  const free = served.replace("port: 10000", "port: 0");
  const near = await serveCli(t, await folderWith({ "lab.yaml": free }), "lab.yaml");
  const port = await (await fetch(`${near.url}/filers/port`)).text();
  const folder = await folderWith({
    "play.mjs": script.replace("10000", port),
    "far.yaml": remote.replace("10000", port),
  });
  await install(folder);
  const play = () => promisify(execFile)(process.execPath, ["play.mjs"], { cwd: folder });
  const { stdout, stderr } = await play();
  assert.equal(stderr, "");
  assert.match(stdout, /^pictures come\n\d+x\d+ rgb24, \d+ bytes, taken at \d+(\.\d+)?\n/);

  const far = await serveCli(t, folder, "far.yaml");
  await firstFrame(`${far.url}/rig/mjpeg_stream`);
  const picture = await fetch(`${far.url}/rig/mjpeg_stream/snapshot?wait=20`);
  assert.equal(picture.headers.get("content-type"), "image/jpeg", await picture.text());

  const [serve, ...commands] = BLOCKS.filter(({ language }) => language === "sh").flatMap(
    ({ text }) => text.trim().split("\n"),
  );
  assert.equal(serve, "npx thingscope serve examples/filers.yaml");
  for (const command of commands) {
    const answer = await curl(command.replace("http://127.0.0.1:5000", near.url));
    assert.ok(answer.ok, command);
    if (command.includes("-X POST")) {
      await until(async () => (await recording(near.url)) === command.includes("/start_"));
    } else assert.match(await answer.text(), /"state":"playing"/, "the far camera plays");
  }
});

async function recording(url: string): Promise<unknown> {
  return (await fetch(`${url}/filers/network_recording`)).json();
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("docs/filers.md names each option and property, and the formats that are read", () => {
  const rows = [...PAGE.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| /gm)].flatMap(([, names = ""]) =>
    [...names.matchAll(/\w+/g)].map(([name]) => name),
  );
  const model = thingModelOf(new FilersServer());
  for (const name of model.properties.keys()) assert.ok(rows.includes(name), name);
  const options = ["port", "host", "pixel_format", "width", "max_fps", "recording", "max_clients"];
  for (const name of options) assert.ok(rows.includes(name), name);
  assert.throws(() => new FilersServer({ other: 1 } as object), /'other'/);
  const words = PAGE.replace(/\s+/g, " ");
  assert.ok(words.includes(`These formats are read: ${READABLE_FORMATS.join(", ")}.`));
});
