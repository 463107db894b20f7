import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Type } from "typebox";
import { accept } from "../../src/core/schema.ts";
import { Blob, blobSchema } from "../../src/files/blob.ts";
import { BlobStore, blobReplacer } from "../../src/files/blob-store.ts";
import { eventually } from "../streams/watching.ts";

const bytes = Uint8Array.of(1, 2, 3);

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "blob-"));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test("a blob's JSON is a link with LabThings' members", () => {
  const blob = Blob.fromBytes(bytes, "image/jpeg", { description: "A picture" });
  assert.deepEqual(JSON.parse(JSON.stringify(blob)), {
    href: `/blob/${blob.id}`,
    media_type: "image/jpeg",
    rel: "output",
    description: "A picture",
  });
  const output = JSON.stringify(
    { all: [blob], n: 1 },
    blobReplacer(() => "http://host/api"),
  );
  assert.equal(JSON.parse(output).all[0].href, `http://host/api/blob/${blob.id}`);
  assert.equal(
    JSON.parse(
      JSON.stringify(
        blob,
        blobReplacer(() => "http://host"),
      ),
    ).href,
    `http://host/blob/${blob.id}`,
  );
});

test("a blob gives its bytes, from memory or from a file", async (t) => {
  const path = join(await folder(t), "a.bin");
  await writeFile(path, bytes);
  for (const blob of [
    Blob.fromBytes(bytes, "application/octet-stream"),
    await Blob.fromFile(path, "application/octet-stream"),
  ]) {
    assert.equal(blob.size, 3);
    assert.deepEqual([...(await blob.bytes())], [1, 2, 3]);
    const chunks = await blob.stream().toArray();
    assert.deepEqual([...Buffer.concat(chunks)], [1, 2, 3]);
    await blob.save(`${path}.copy`);
    assert.deepEqual([...(await readFile(`${path}.copy`))], [1, 2, 3]);
  }
  assert.equal(Buffer.from(await Blob.fromText("µ").bytes()).toString(), "µ");
});

test("a blob fits its schema, another kind does not", () => {
  const jpeg = Blob.fromBytes(bytes, "image/jpeg");
  const text = Blob.fromText("no");
  assert.equal(accept(blobSchema("image/jpeg"), jpeg, "Output"), jpeg);
  assert.equal(accept(blobSchema("image/*"), jpeg, "Output"), jpeg);
  assert.throws(() => accept(blobSchema("image/jpeg"), text, "Output"), { code: "INVALID_INPUT" });
  assert.throws(() => accept(blobSchema("image/*"), text, "Output"), { code: "INVALID_INPUT" });
});

test("a store holds blobs as long as someone retains a value with them", () => {
  const store = new BlobStore();
  const blob = Blob.fromBytes(bytes, "image/jpeg");
  const output = { pictures: [blob, blob] };
  assert.throws(() => store.get(blob.id), { code: "NOT_FOUND" });
  store.retain(output);
  store.retain(blob);
  assert.equal(store.get(blob.id), blob);
  assert.equal(store.sizeBytes, 3);
  store.release(output);
  assert.equal(store.get(blob.id), blob);
  store.release(blob);
  store.release(blob);
  assert.throws(() => store.get(blob.id), /Invoke the action again/);
  assert.equal(store.sizeBytes, 0);
});

test("a full store lets go of the oldest blobs and says so", () => {
  const lines: string[] = [];
  const log = { debug() {}, info() {}, warn: (line: string) => lines.push(line), error() {} };
  const store = new BlobStore({ maxBytes: 5, log });
  const blobs = [1, 2, 3].map(() => Blob.fromBytes(bytes, "image/jpeg"));
  for (const blob of blobs) store.retain(blob);
  assert.throws(() => store.get(blobs[1]!.id), { code: "NOT_FOUND" });
  assert.equal(store.get(blobs[2]!.id), blobs[2]);
  assert.equal(lines.length, 2);
  store.release(blobs[0]);
});

test("a temporary file is deleted when its blob is let go", async (t) => {
  const path = join(await folder(t), "big.mkv");
  await writeFile(path, bytes);
  const store = new BlobStore();
  const blob = await Blob.fromFile(path, "video/x-matroska", { temporary: true });
  store.retain(blob);
  store.release(blob);
  await eventually(() => !existsSync(path));
});

test("links in an input become the blobs they stand for, where the schema says so", () => {
  const store = new BlobStore();
  const blob = Blob.fromBytes(bytes, "image/jpeg");
  store.retain(blob);
  const link = { ...blob.toJSON(), href: `http://127.0.0.1:5000/blob/${blob.id.toUpperCase()}` };
  const schema = Type.Object({
    image: blobSchema("image/*"),
    more: Type.Array(blobSchema("image/jpeg")),
    note: Type.Object({}),
  });
  const input = store.resolve({ image: link, more: [link], note: link }, schema);
  assert.deepEqual(input, { image: blob, more: [blob], note: link });
});

test("a link to no blob of this server is refused with a sentence", () => {
  const store = new BlobStore();
  const schema = blobSchema("image/jpeg");
  const gone = Blob.fromBytes(bytes, "image/jpeg").toJSON();
  assert.throws(() => store.resolve(gone, schema), /does not exist on this server, or has expired/);
  assert.throws(() => store.resolve({ href: "/x" }, schema), /does not name a blob/);
  assert.equal(store.resolve(5, schema), 5);
});
