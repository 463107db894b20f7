import assert from "node:assert/strict";
import { test } from "node:test";
import { ThingClient } from "thingscope/client";
import { folderWith, runCli, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { curl, wordsOf } from "./curl.ts";
import { blocksOf, pageText } from "./page.ts";

const PAGE = pageText("access.md");

test("the commands of docs/access.md do what it says, one after another", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({});
  const server = await serveCli(t, folder, "--login");
  let token = "";
  const here = (text: string) =>
    text.replaceAll("http://127.0.0.1:5000", server.url).replaceAll("$TOKEN", token);
  const commands = blocksOf(PAGE)
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.replaceAll("\\\n", " ").trim().split("\n"));
  assert.ok(commands.length >= 7);
  for (const line of commands) {
    if (/^(npx tsx|python|node) /.test(line)) continue; // test/interop/pages.test.ts has the other programs
    const made = /^export TOKEN=\$\(thingscope (.*)\)$/.exec(line);
    if (made) token = (await runCli(folder, ...wordsOf(made[1]!))).stdout.trim();
    else if (line.startsWith("thingscope ")) {
      const { code, stdout } = await runCli(folder, ...wordsOf(here(line)).slice(1));
      assert.equal(code, 0, line);
      assert.notEqual(stdout, "", line);
    } else {
      const answer = await curl(here(line));
      assert.ok(answer.ok, `${answer.status} ${line}`);
      if (!line.includes("signed_urls")) continue;
      const { url } = Object(await answer.json());
      const shown: { url: string } = JSON.parse(
        blocksOf(PAGE).find(({ language }) => language === "json")!.text,
      );
      const names = (text: string) => [...new URL(text).searchParams.keys()];
      assert.deepEqual(names(url), names(shown.url));
      const picture = await fetch(`${url}&fps=5`);
      assert.equal(picture.status, 200);
      await picture.body?.cancel();
    }
  }
  const camera = await ThingClient.connect(`${server.url}/camera/`, { credentials: { token } });
  assert.equal(await camera.read("settling_time"), 0.1);
  const inUrl = `${server.url.replace("://", `://notebook:${token}@`)}/camera/`;
  assert.equal(await (await ThingClient.connect(inUrl)).read("settling_time"), 0.1);
});

test("docs/access.md has every option of the command line that is about access", async () => {
  const { stdout } = await runCli(await folderWith({}), "serve", "--help");
  const options = [...stdout.matchAll(/^ +(--(?:lan|login|tls\S*|insecure\S*))/gm)];
  assert.ok(options.length >= 6, stdout);
  for (const [, option] of options)
    assert.ok(PAGE.includes(`\`${option}`) || PAGE.includes(` ${option} `), option);
});
