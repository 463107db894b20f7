import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { serveCli } from "../cli/run-cli.ts";
import { assertIncludes, blocksOf, pageText } from "../docs/page.ts";
import { TEST_MS } from "../limits.ts";
import { assertEnded, Reader } from "./reader.ts";

const timeout = TEST_MS;
const PRINTED = "http://127.0.0.1:5000";

/** A reader, and the server of the page's first line. */
async function readerOf(t: TestContext, ...options: string[]) {
  const reader = await Reader.withFolder();
  const server = await serveCli(t, reader.folder, ...options);
  return { reader, server, here: (text: string) => text.replaceAll(PRINTED, server.url) };
}

/** The languages of a page's blocks, each once. */
function languagesOf(page: string): string[] {
  return [...new Set(blocksOf(page).map(({ language }) => language))];
}

async function assertPicture(file: string): Promise<void> {
  const { width, height } = inspectJpeg(await readFile(file));
  assert.deepEqual([width, height], [800, 600]);
}

test("docs/http-api.md: each command, typed as printed, gets the answer that the page shows", {
  timeout,
}, async (t) => {
  const { reader, here } = await readerOf(t);
  let answers = 0;
  for await (const typed of reader.follow(pageText("http-api.md"), here)) {
    assertEnded(typed);
    if (typed.next?.language !== "json") continue;
    assertIncludes(JSON.parse(typed.stdout), JSON.parse(here(typed.next.text)), typed.commands);
    answers += 1;
  }
  assert.ok(answers >= 6, `${answers} answers`);
  await assertPicture(join(reader.folder, "newest.jpg"));
});

test("docs/clients.md: curl, TypeScript, Python and node-wot, as printed, do what the page says", {
  timeout,
}, async (t) => {
  const page = pageText("clients.md");
  for (const language of ["sh", "ts", "python", "js", "html"]) {
    assert.ok(languagesOf(page).includes(language), language);
  }
  const { reader, here } = await readerOf(t);
  for await (const typed of reader.follow(page, here)) {
    assertEnded(typed);
    if (typed.next?.language === "json")
      assertIncludes(JSON.parse(typed.stdout), JSON.parse(typed.next.text), typed.commands);
    if (typed.commands === "node look-wot.mjs\n")
      assert.match(typed.stdout, /^\d+\nIt moves\.\nIt has arrived\.\n$/);
    if (typed.commands === "python look.py\n")
      assert.match(typed.stdout, /^\d+\nIn focus at z = -?\d+\n$/);
  }
  await assertPicture(join(reader.folder, "picture.jpg"));
  const image = blocksOf(page).find(({ language }) => language === "html");
  const [, address = ""] = /src="([^"]+)"/.exec(image?.text ?? "") ?? [];
  const shown = await fetch(here(address), { method: "HEAD" });
  assert.match(shown.headers.get("content-type") ?? "", /^multipart\/x-mixed-replace/);
});

test("docs/access.md: who has a token reads the stage by every program that the page names", {
  timeout,
}, async (t) => {
  const page = pageText("access.md");
  const { reader, here } = await readerOf(t, "--login");
  const ways: string[] = [];
  for await (const typed of reader.follow(page, here)) {
    assertEnded(typed);
    const [way = ""] = /^(npx tsx|python|node)\b/.exec(typed.commands) ?? [];
    if (!way) continue;
    assert.match(typed.stdout, /\bx\b.*: 0.*\bz\b.*: 0/, typed.commands);
    ways.push(way);
  }
  assert.deepEqual(ways, ["npx tsx", "python", "node"]);
});

test("docs/access.md: people are added and removed, and programs trust the certificate that they are given", {
  timeout,
}, async (t) => {
  const page = pageText("access.md");
  const { reader, server } = await readerOf(t, "--login", "--tls", "auto");
  const https = (text: string) =>
    text
      .replaceAll(PRINTED, server.url)
      .replaceAll("https://microscope.local:5000", server.url.replace("127.0.0.1", "localhost"));
  const block = (words: string) =>
    https(blocksOf(page).find(({ text }) => text.includes(words))?.text ?? "exit 9");
  const people = await reader.type(block("users add"), "correct horse battery\n");
  assert.equal(people.code, 0, people.stderr);
  assert.match(people.stdout, /^ana {2}operate/m);
  await reader.save(page, https);
  await reader.type("export TOKEN=$(thingscope tokens create --role view)");
  const trusted = await reader.type(block("--cacert"));
  assert.equal(trusted.code, 0, trusted.stderr);
  assert.match(trusted.stdout, /^\{"status":"ok"\}\{ x: 0, y: 0, z: 0 \}$/m);
});
