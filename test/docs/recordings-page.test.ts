import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { recorderFor } from "../things/recorder-server.ts";
import { curl } from "./curl.ts";
import { blocksOf, pageText } from "./page.ts";

const PAGE = pageText("recordings.md");
const rows = [...PAGE.matchAll(/^\| (GET|DELETE) \| `([^`]+)` \| (\w+) \|/gm)].map(
  ([, method = "", path = "", role = ""]) => `${method} ${path} ${role}`,
);

test("docs/recordings.md names the routes of files with their roles", {
  timeout: TEST_MS,
}, async (t) => {
  const { server } = await recorderFor(t);
  const routes = server.routes
    .filter(({ path }) => /\/recordings(\/:|$)/.test(path))
    .map(({ method, path, role }) => {
      const shown = path.replace("/recorder/", "/{thing}/").replace(/:(\w+)/g, "{$1}");
      return `${method} ${shown} ${role}`;
    });
  assert.deepEqual(rows.toSorted(), [...new Set(routes)].toSorted());
});

test("the commands of docs/recordings.md do what it says, one after another", {
  timeout: TEST_MS,
}, async (t) => {
  const commands = blocksOf(PAGE)
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.trim().split("\n"));
  assert.equal(commands.shift(), "npx thingscope serve examples/recorder.yaml");
  const config = await readFile(packagePath("examples", "recorder.yaml"), "utf8");
  const { url } = await serveCli(t, await folderWith({ "recorder.yaml": config }), "recorder.yaml");
  while ((await (await fetch(`${url}/recorder/state`)).json()) !== "buffering") {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  let id = "";
  for (const command of commands) {
    const here = command
      .replace("http://127.0.0.1:5000", url)
      .replace("/ID", `/${id}`)
      .replace('{"reason"', '{"max_delay": 30, "reason"'); // a busy machine may open no file within 1 s
    const answer = await curl(here);
    assert.ok(answer.ok, `${command}: ${answer.status}`);
    if (answer.status === 201) await completed(answer.headers.get("location")!);
    if (command.endsWith("/recordings")) {
      let files = (await answer.json()) as { id: string; frames?: number }[];
      const hasFrames = ({ frames = 0 }) => frames > 0;
      // One of the trigger, which is listed when it is closed, and one that was started.
      while (files.length < 2 || !files.some(hasFrames))
        files = (await (await curl(here)).json()) as typeof files;
      id = files.find(hasFrames)!.id;
    } else await answer.body?.cancel();
  }
});

async function completed(invocation: string): Promise<void> {
  for (;;) {
    const { status, log } = (await (await fetch(invocation)).json()) as {
      status: string;
      log: unknown;
    };
    if (status === "completed") return;
    assert.match(status, /pending|running/, JSON.stringify(log));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
