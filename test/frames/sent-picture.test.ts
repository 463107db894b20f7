import assert from "node:assert/strict";
import { test } from "node:test";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { readSentPicture } from "../../src/frames/sent-picture.ts";
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
  const { identity: sent, capturedAt, ...rest } = readSentPicture(headersOf(identity));
  assert.deepEqual({ ...sent, capturedAt }, identity);
  const ofOthers = { origin: undefined, lostSum: undefined, clockSet: undefined };
  const none = { ...ofOthers, placeholder: undefined };
  assert.deepEqual(rest, { isHeartbeat: false, ...none });
});

test("a frame that was captured elsewhere says where", () => {
  const origin = {
    stream: "http://a.lab/x;y=1/live",
    run: "r1",
    index: 3,
    capturedAt: 1770000000000,
  };
  const identity = { run: "k3x9q2", index: 7, capturedAt: 1770000000123.456, origin };
  assert.deepEqual(readSentPicture(headersOf(identity)).origin, origin);
});

test("a frame says what was lost in its run, if anything was", () => {
  const lostSum = { lost: 3, refused: 1 };
  const identity = { run: "k3x9q2", index: 7, capturedAt: 1770000000123.456, lostSum };
  assert.deepEqual(readSentPicture(headersOf(identity)).lostSum, lostSum);
  for (const bad of ["lost=3", "lost=-1;refused=0", "lost=1e3;refused=0", "?"])
    assert.equal(readSentPicture(new Map([["x-lost", bad]])).lostSum, undefined, bad);
});

test("headers that are absent or broken say nothing", () => {
  const good = { "x-stream-run": "a", "x-frame-index": "1", "x-timestamp": "2.5" };
  const read = (headers: Record<string, string>) =>
    readSentPicture(new Map(Object.entries(headers)));
  assert.deepEqual(read(good).identity, { run: "a", index: 1 });
  assert.equal(read(good).capturedAt, 2500);
  for (const bad of [
    { ...good, "x-stream-run": "" },
    { ...good, "x-frame-index": "-1" },
    { ...good, "x-frame-index": "1e3" },
    {},
  ]) {
    assert.equal(read(bad).identity, undefined);
  }
  for (const time of ["now", "-1", "0", "", "1e9", "Infinity"]) {
    const { identity, capturedAt } = read({ ...good, "x-timestamp": time });
    assert.deepEqual([identity, capturedAt], [{ run: "a", index: 1 }, undefined], time);
  }
  for (const origin of ["stream=%E0%A4%A;run=1", "stream=a;run=b;index=1;timestamp=x", "?"]) {
    assert.equal(read({ ...good, "x-origin": origin }).origin, undefined, origin);
  }
});
