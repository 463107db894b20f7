import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { freeUdpPort } from "../adapters/thorvision/serving.ts";
import { folderWith, install, runCli, serveCli } from "../cli/run-cli.ts";
import { blocksOf, pageText } from "../docs/page.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";

const run = promisify(execFile);
const BLOCKS = blocksOf(pageText("thorvision.md"));
const commands = BLOCKS.filter(({ language }) => language === "sh").flatMap(({ text }) =>
  text.trim().split("\n"),
);

/** The example of the page, on ports that are free. */
async function served(t: TestContext) {
  const config = await readFile(packagePath("examples", "thorvision.yaml"), "utf8");
  assert.match(config, /port: 8000/);
  const folder = await folderWith({ "lab.yaml": config.replace("port: 8000", "port: 0") });
  await install(folder);
  const { url } = await serveCli(t, folder, "lab.yaml");
  const wire = String(await (await fetch(`${url}/thorvision/address`)).json());
  while (((await (await fetch(`http://${wire}/cameras`)).json()) as unknown[]).length < 2) {
    await sleep(50);
  }
  const srt = String(await freeUdpPort());
  const here = (text: string) =>
    text
      .replaceAll("http://127.0.0.1:5000", url)
      .replaceAll("127.0.0.1:8000", wire)
      .replaceAll("port: 8000", `port: ${wire.split(":")[1]}`)
      .replaceAll("9001", srt);
  return { folder, here };
}

test("the commands of docs/thorvision.md do what it says, one after another", {
  timeout: TEST_MS,
}, async (t) => {
  assert.equal(commands[0], "npx thingscope serve examples/thorvision.yaml");
  const { folder, here } = await served(t);
  for (const command of commands.slice(1)) {
    const { stdout } = await run("sh", ["-c", here(command)], { cwd: folder, timeout: WAIT_MS });
    assert.doesNotMatch(stdout, /"detail"/, command);
    if (command.endsWith("/streams")) assert.match(stdout, /"camera":"left".*"behind":0/);
  }
  const film = join(folder, "film-00.mkv");
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_streams", film]);
  assert.match(stdout, /codec_name=mjpeg[\s\S]*width=1280[\s\S]*height=720/);
});

test("the script of docs/thorvision.md records, and tells how many frames", {
  timeout: TEST_MS,
}, async (t) => {
  const { folder, here } = await served(t);
  const script = BLOCKS.find(({ language }) => language === "ts")?.text ?? "";
  await writeFile(join(folder, "record.mts"), here(script));
  const tsx = packagePath("node_modules", "tsx", "dist", "cli.mjs");
  const { stdout } = await run(process.execPath, [tsx, "record.mts"], { cwd: folder });
  const [, frames = ""] = /^(\d+) frames, from \d+ on/.exec(stdout) ?? [];
  assert.ok(Number(frames) > 30, stdout);
  assert.equal((await readdir(join(folder, "recordings"))).length, 1);
});

test("the configuration of docs/thorvision.md can be served", { timeout: TEST_MS }, async () => {
  const text = BLOCKS.find(({ language }) => language === "yaml")?.text ?? "";
  const { code, stderr } = await runCli(
    await folderWith({ "lab.yaml": text }),
    "check",
    "lab.yaml",
  );
  assert.deepEqual([code, stderr], [0, ""]);
});
