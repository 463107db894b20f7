import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { endOfScan } from "../../src/frames/jpeg-scan.ts";

const NODE_ONLY = ["codec.ts"];

test("all of frames but the codec runs in a browser: it imports no package and no node: module", () => {
  const files = readdirSync("src/frames").filter((file) => !NODE_ONLY.includes(file));
  assert.ok(files.length > 10);
  for (const file of files) {
    const text = readFileSync(`src/frames/${file}`, "utf8");
    for (const [, path] of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      assert.match(path!, /^\.\.?\//, `src/frames/${file} imports ${path}`);
      const isNodeOnly = NODE_ONLY.some((nodeOnly) => path === `./${nodeOnly}`);
      assert.ok(!isNodeOnly, `src/frames/${file} imports the codec`);
    }
    assert.doesNotMatch(text, /\bprocess\.|\bBuffer\.(?:from|alloc|concat)/, file);
  }
});

test("bytes are searched without Node's Buffer too", async () => {
  const scan = Uint8Array.of(1, 0xff, 0, 2, 0xff, 0xd3, 3, 0xff, 0xff, 0xd9);
  assert.equal(endOfScan(scan, 0), 8);
  const buffer = Object.getOwnPropertyDescriptor(globalThis, "Buffer")!;
  Object.defineProperty(globalThis, "Buffer", { value: undefined, configurable: true });
  try {
    const url = new URL("../../src/frames/bytes.js?browser", import.meta.url).href;
    const { indexOfByte } = await import(url);
    assert.equal(indexOfByte(scan, 0xff, 2), 4);
    assert.equal(indexOfByte(scan, 9, 0), -1);
  } finally {
    Object.defineProperty(globalThis, "Buffer", buffer);
  }
});
