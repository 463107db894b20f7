import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { folderWith, install, runCliLines, serveCli } from "../../cli/run-cli.ts";
import { TEST_MS as timeout } from "../../limits.ts";

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}

test("options that cannot be used are told by check, one sentence each", { timeout }, async () => {
  const configured = (kwargs: object) => ({
    things: {
      camera: { class: "thingscope/things:TestCamera" },
      probe: { class: "./mine.ts:Mine", kwargs },
      nothing: { class: "thingscope/pythiags:Probe" },
    },
  });
  const cases: [object, RegExp][] = [
    [{ queue: 0 }, /A Probe cannot be created with .*: 'queue' should be .* 1, but is 0/],
    [{ fiel: "a.jsonl" }, /'fiel'/],
    [{ log: "yes" }, /'log' should be/],
    [{ url: "ftp://x/" }, /an http or https URL without credentials/],
    [{ url: "http://a:b@x/" }, /without credentials/],
    [{ slow_ms: 0 }, /'slow_ms' should be greater than 0/],
  ];
  const files = cases.map(([kwargs], n) => [`lab${n}.json`, JSON.stringify(configured(kwargs))]);
  const folder = await folderWith({
    ...Object.fromEntries(files),
    "mine.ts": `import { Probe } from "thingscope/pythiags";
      export class Mine extends Probe { protected override produce() { return []; } }`,
  });
  const ended = await runCliLines(
    folder,
    cases.map((_, n) => ["check", `lab${n}.json`]),
  );
  for (const [n, [, sentence]] of cases.entries()) {
    const { code, stderr } = ended[n]!;
    assert.notEqual(code, 0);
    assert.match(stderr, sentence);
    assert.match(stderr, /This Probe has no producer\. Extend Probe/);
    assert.doesNotMatch(stderr, /^\s+at /m);
  }
});

test("a Probe of one's own is served from a configuration", { timeout }, async (t) => {
  const folder = await folderWith({
    "lab.yaml": `things:
  camera:
    class: thingscope/things:TestCamera
  sizes:
    class: ./sizes.ts:Sizes
    kwargs: { file: sizes.jsonl }
    thing_slots: { camera: camera }
`,
    "sizes.ts": `import type { Frame } from "thingscope";
import { Probe } from "thingscope/pythiags";

export class Sizes extends Probe {
  protected override produce(frame: Frame) {
    return frame.index === 2 ? [{ bytes: frame.jpeg.length }] : [];
  }
}
`,
  });
  await install(folder);
  await serveCli(t, folder, "lab.yaml");
  const file = join(folder, "sizes.jsonl");
  await until(async () => (await readFile(file, "utf8").catch(() => "")).includes("\n"));
  const line = JSON.parse((await readFile(file, "utf8")).split("\n")[0]!);
  assert.equal(line.index, 2);
  assert.ok(line.event.bytes > 100);
});
