import assert from "node:assert/strict";
import { test } from "node:test";
import type { RemoteBlob } from "../../../src/client/index.ts";
import { TEST_MS } from "../../limits.ts";
import { recorderFor } from "../../things/recorder-server.ts";
import { type Answer, ask } from "../requests.ts";

const LATER = "Fri, 01 Jan 2100 00:00:00 GMT";
const EARLIER = "Thu, 01 Jan 1998 00:00:00 GMT";

/** A condition or range, the status, and which bytes come: from, to (not with it). */
type Vector = readonly [
  headers: Record<string, string>,
  status: number,
  part?: readonly [number, number?],
];

/** @see RFC 9110, 13 Conditional Requests, 14 Range Requests. */
function vectorsFor(etag: string, modified: string, size: number): Vector[] {
  const whole = [0] as const;
  const range = (bytes: string) => ({ Range: `bytes=${bytes}` });
  return [
    [{}, 200, whole],
    [range("0-9"), 206, [0, 10]],
    [range("10-"), 206, [10]],
    [range("-10"), 206, [size - 10]],
    [range(`-${size + 5}`), 206, whole],
    [range(`5-${size + 500}`), 206, [5]],
    [range(`${size}-`), 416],
    [range("-0"), 416],
    [range("0-1,5-6"), 200, whole], // of several one may be given, or all
    [range("x-y"), 200, whole],
    [{ Range: "lines=0-1" }, 200, whole],
    [{ Range: "BYTES=0-9" }, 206, [0, 10]],
    [{ ...range("0-9"), "If-Range": etag }, 206, [0, 10]],
    [{ ...range("0-9"), "If-Range": '"another"' }, 200, whole],
    [{ ...range("0-9"), "If-Range": `W/${etag}` }, 200, whole],
    [{ ...range("0-9"), "If-Range": modified }, 206, [0, 10]],
    [{ ...range("0-9"), "If-Range": EARLIER }, 200, whole],
    [{ ...range("0-9"), "If-Range": LATER }, 200, whole],
    [{ "If-None-Match": etag }, 304],
    [{ "If-None-Match": `W/${etag}` }, 304],
    [{ "If-None-Match": `"a", ${etag}` }, 304],
    [{ "If-None-Match": "*" }, 304],
    [{ "If-None-Match": '"another"' }, 200, whole],
    [{ "If-None-Match": '"another"', "If-Modified-Since": LATER }, 200, whole],
    [{ "If-None-Match": etag, ...range("0-9") }, 304],
    [{ "If-Modified-Since": modified }, 304],
    [{ "If-Modified-Since": LATER }, 304],
    [{ "If-Modified-Since": EARLIER }, 200, whole],
    [{ "If-Modified-Since": "yesterday" }, 200, whole],
    [{ "If-Unmodified-Since": modified }, 200, whole],
    [{ "If-Unmodified-Since": EARLIER }, 412],
    [{ "If-Match": etag }, 200, whole],
    [{ "If-Match": "*" }, 200, whole],
    [{ "If-Match": '"another"' }, 412],
    [{ "If-Match": `W/${etag}` }, 412],
    [{ "If-Match": etag, "If-Unmodified-Since": EARLIER }, 200, whole],
  ];
}

test("files are sent whole, in part, or not at all, as RFC 9110 has it", {
  timeout: TEST_MS,
}, async (t) => {
  const { recorder, client, port } = await recorderFor(t);
  const still = (await (await client()).invoke("capture_still", { settle: false })) as RemoteBlob;
  const bytes = Buffer.from(await still.bytes()).toString("utf8"); // as `ask` reads
  const [file] = recorder.recordings;
  for (const path of [`/recorder/recordings/${file?.id}`, `/recordings/${file?.id}`]) {
    const first = await ask(port, { path });
    const { etag, "last-modified": modified, "content-length": length } = first.headers;
    assert.equal(first.text, bytes);
    for (const [headers, status, part] of vectorsFor(
      String(etag),
      String(modified),
      Number(length),
    )) {
      const said = `${path} ${JSON.stringify(headers)}`;
      const answer = await ask(port, { path, headers });
      assert.equal(answer.status, status, said);
      if (status < 400) assert.equal(answer.headers.etag, etag, said);
      if (part) checkPart(answer, part, Number(length), said);
      if (status === 416) assert.equal(answer.headers["content-range"], `bytes */${length}`, said);
    }
    const head = await ask(port, { path, method: "HEAD", headers: { Range: "bytes=0-9" } });
    assert.deepEqual([head.status, head.headers["content-length"]], [200, length]); // only GET has ranges
  }
});

test("a file is deleted only as its client knows it", { timeout: TEST_MS }, async (t) => {
  const { recorder, client, port } = await recorderFor(t);
  const thing = await client();
  const still = async () => {
    await thing.invoke("capture_still", { settle: false });
    const path = `/recordings/${recorder.recordings[0]?.id}`;
    const { etag, "last-modified": modified } = (await ask(port, { path })).headers;
    return { path, etag: String(etag), modified: String(modified) };
  };
  const remove = async (path: string, headers: Record<string, string>) =>
    (await ask(port, { method: "DELETE", path, headers })).status;
  const { path, etag } = await still();
  for (const headers of [
    { "If-Unmodified-Since": EARLIER },
    { "If-Unmodified-Since": EARLIER, "If-None-Match": '"another"' },
    { "If-Match": '"another"', "If-Unmodified-Since": LATER },
    { "If-Match": `W/${etag}` },
    { "If-None-Match": etag },
  ])
    assert.equal(await remove(path, headers), 412, JSON.stringify(headers));
  const allowed = [
    (known: { modified: string }) => ({ "If-Unmodified-Since": known.modified }),
    (known: { etag: string }) => ({ "If-Match": known.etag, "If-Unmodified-Since": EARLIER }),
    () => ({ "If-Unmodified-Since": "yesterday" }), // RFC 9110, 13.1.4: what is not a date counts for nothing
  ];
  for (const conditions of allowed) {
    const file = await still();
    const headers = conditions(file);
    assert.equal(await remove(file.path, headers), 204, JSON.stringify(headers));
  }
});

function checkPart(
  { status, headers }: Answer,
  [from, to]: readonly [number, number?],
  size: number,
  said: string,
): void {
  const end = to ?? size;
  assert.equal(headers["content-length"], String(end - from), said);
  const range = status === 206 ? `bytes ${from}-${end - 1}/${size}` : undefined;
  assert.equal(headers["content-range"], range, said);
}
