import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { endOfScan } from "../../src/frames/jpeg/jpeg-scan.ts";

const CODEC = "frames/codec/";

test("all of frames but the codec runs in a browser: it imports no package and no node: module", () => {
  const frames = readdirSync("src/frames", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `frames/${file}`);
  const isCodec = (path: string) => path.startsWith(CODEC);
  assert.ok(frames.length > 20 && frames.some(isCodec));
  for (const file of ["base/bytes.ts", ...frames.filter((path) => !isCodec(path))]) {
    const text = readFileSync(`src/${file}`, "utf8");
    for (const [, path] of text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
      assert.match(path!, /^\.\.?\//, `src/${file} imports ${path}`);
      assert.ok(!path!.includes("/codec/"), `src/${file} imports the codec`);
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
    const url = new URL("../../src/base/bytes.js?browser", import.meta.url).href;
    const { indexOfByte } = await import(url);
    assert.equal(indexOfByte(scan, 0xff, 2), 4);
    assert.equal(indexOfByte(scan, 9, 0), -1);
  } finally {
    Object.defineProperty(globalThis, "Buffer", buffer);
  }
});
