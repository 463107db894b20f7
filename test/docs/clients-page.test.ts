import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { folderWith, install, runCli, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { firstFrame } from "../streams/watching.ts";
import { curl } from "./curl.ts";
import { assertIncludes, type Block, blocksOf, pageText } from "./page.ts";

const page = pageText("clients.md");
const blocks = blocksOf(page);
const run = promisify(execFile);
/** Scripts by name: the file that the text before a block ends with. */
const scripts = new Map(
  [...page.matchAll(/`([\w-]+\.mts)`:\n\n```ts\n([\s\S]*?)^```$/gm)].map(
    ([, file = "", text = ""]): [string, string] => [file, text],
  ),
);

let folder = "";
before(async () => {
  folder = await folderWith({ "package.json": "{}" });
  await install(folder);
  await symlink(packagePath("node_modules", "@types"), join(folder, "node_modules", "@types"));
});

async function perform(command: string, answer: Block | undefined): Promise<void> {
  if (command.startsWith("curl ")) {
    const response = await curl(command);
    assert.ok(response.ok, command);
    if (answer?.language === "json") {
      assertIncludes(await response.json(), JSON.parse(answer.text), command);
    }
  } else if (command.startsWith("npx thingscope ")) {
    const { code, stderr } = await runCli(folder, ...command.split(" ").slice(2));
    assert.deepEqual([code, stderr], [0, ""], command);
  } else {
    const [, file = ""] = /^npx tsx (\S+)$/.exec(command) ?? [];
    assert.ok(scripts.has(file), command);
    const tsx = packagePath("node_modules", "tsx", "dist", "cli.mjs");
    const { stdout } = await run(process.execPath, [tsx, file], { cwd: folder });
    assert.match(stdout, /\d/, `${file} tells something`);
  }
}

test("the commands and scripts of docs/clients.md do what it says, one after another", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await serveCli(t, folder);
  await firstFrame(`${url}/camera/mjpeg_stream`);
  const here = (text: string) => text.replaceAll("http://127.0.0.1:5000", url);
  for (const [file, text] of scripts) await writeFile(join(folder, file), here(text));
  for (const [index, { language, text }] of blocks.entries()) {
    if (language !== "sh" || /^(python|node|pip|npm) /.test(text)) continue; // test/interop/pages.test.ts has these
    for (const command of text.trim().split("\n")) {
      await perform(here(command), blocks[index + 1]);
    }
  }
  const { width, height } = inspectJpeg(await readFile(join(folder, "picture.jpg")));
  assert.deepEqual([width, height], [800, 600]);
  const [image] = blocks.filter(({ language }) => language === "html");
  const [, address = ""] = /src="([^"]+)"/.exec(image?.text ?? "") ?? [];
  const shown = await fetch(here(address), { method: "HEAD" });
  assert.match(shown.headers.get("content-type") ?? "", /^multipart\/x-mixed-replace/);
});

test("the scripts of docs/clients.md compile against the types of the running microscope", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await serveCli(t, folder);
  for (const thing of ["camera", "stage", "autofocus"]) {
    await runCli(folder, "types", `${url}/${thing}/`, "-o", `${thing}.d.ts`);
  }
  for (const [file, text] of scripts) await writeFile(join(folder, file), text);
  const compilerOptions = {
    target: "ES2022",
    module: "NodeNext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ["node"],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const tsc = packagePath("node_modules", "typescript", "bin", "tsc");
  const { stdout } = await run(process.execPath, [tsc, "-p", folder]).catch((error) => error);
  assert.equal(stdout, "");
  assert.deepEqual(
    [...scripts.keys()],
    ["look.mts", "focus.mts", "events.mts", "frames.mts", "sweep.mts"],
  );
});
