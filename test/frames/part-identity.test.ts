import assert from "node:assert/strict";
import { test } from "node:test";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { identityOfPart } from "../../src/frames/part-identity.ts";
import { MultipartParser } from "../../src/frames/wire/multipart.ts";
import { picture } from "../streams/pictures.ts";

function headersOf(identity: Parameters<typeof storeFrame>[1]): ReadonlyMap<string, string> {
  const part = storeFrame(picture(0), identity).bytes("program");
  const [parsed] = new MultipartParser().push(Buffer.concat([Buffer.from("--frame\r\n"), part]));
  assert.ok(parsed);
  return parsed.headers;
}

test("a part of this package's streams says which frame it is", () => {
  const identity = { run: "k3x9q2", index: 7, capturedAt: 1770000000123.456 };
  assert.deepEqual(identityOfPart(headersOf(identity)), identity);
});

test("a frame that was captured elsewhere says where", () => {
  const origin = {
    stream: "http://a.lab/x;y=1/live",
    run: "r1",
    index: 3,
    capturedAt: 1770000000000,
  };
  const identity = { run: "k3x9q2", index: 7, capturedAt: 1770000000123.456, origin };
  assert.deepEqual(identityOfPart(headersOf(identity)), identity);
});

test("headers that are absent or broken give no identity", () => {
  const good = { "x-stream-run": "a", "x-frame-index": "1", "x-timestamp": "2.5" };
  assert.ok(identityOfPart(new Map(Object.entries(good))));
  for (const bad of [
    { ...good, "x-stream-run": "" },
    { ...good, "x-frame-index": "-1" },
    { ...good, "x-frame-index": "1e3" },
    { ...good, "x-timestamp": "now" },
    {},
  ]) {
    assert.equal(identityOfPart(new Map(Object.entries(bad))), undefined);
  }
  const broken = new Map(Object.entries({ ...good, "x-origin": "stream=%E0%A4%A;run=1" }));
  assert.equal(identityOfPart(broken)?.origin, undefined);
});
