import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { ThingError } from "../../src/base/errors.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { JpegInspector } from "../../src/frames/jpeg/jpeg-inspector.ts";
import { JpegSplitter } from "../../src/frames/jpeg/jpeg-splitter.ts";
import { MultipartParser } from "../../src/frames/wire/multipart.ts";
import { TEST_MS } from "../limits.ts";
import { memoryHeld } from "../memory.ts";
import { fc } from "../property.ts";
import { jpegOf, segment, withFirstSegment, withOrientation } from "./jpegs.ts";

const MUTATIONS = process.env.THINGSCOPE_LONG ? 1_000_000 : 3000;
const MAX_BYTES = 64 * 1024;
/** Memory that does not grow with the number of pictures. */
const FLAT_BYTES = 24e6;

const text = (words: string) => Buffer.from(words, "latin1");

/** What framing is about, put where it hurts. */
const SNIPPETS = [
  "\xff\xd8\xff",
  "\xff\xd9",
  "\xff\xda\0\x0c",
  "\xff\xff",
  "\xff\0",
  "\xff\xc4\xff\xff",
  "\xff\xe1\0\0",
  "\r\n--f\r\n",
  "--f--",
  "\n\n",
  "Content-Length: 70\r\n\r\n",
  "Content-Length: 4294967296\r\n\r\n",
  "Content-Type: text/xml\r\n\r\n",
  "\r\n\r\n",
  "--",
  "\n",
  ":",
  "\0\0\0\0",
].map(text); // prettier-ignore

const Edit = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), at: fc.nat(), value: fc.nat(255) }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), length: fc.nat(300) }),
  fc.record({
    kind: fc.constant("put" as const),
    at: fc.nat(),
    snippet: fc.nat(SNIPPETS.length - 1),
  }),
  fc.record({ kind: fc.constant("twice" as const), at: fc.nat(), length: fc.nat(300) }),
);
const Case = fc.record({
  seed: fc.nat(),
  edits: fc.array(Edit, { minLength: 1, maxLength: 6 }),
  pieces: fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 4 }),
});
type Edits = Parameters<typeof edited>[1];

function edited(
  jpeg: Buffer,
  edits: readonly ({ at: number } & (
    | { kind: "set"; value: number }
    | { kind: "cut" | "twice"; length: number }
    | { kind: "put"; snippet: number }
  ))[],
): Buffer {
  let bytes = Buffer.from(jpeg);
  for (const edit of edits) {
    const at = edit.at % (bytes.length + 1);
    const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
    if (edit.kind === "set") bytes[Math.min(at, bytes.length - 1)] = edit.value;
    else if (edit.kind === "cut") bytes = Buffer.concat([before, behind.subarray(edit.length)]);
    else if (edit.kind === "put") bytes = Buffer.concat([before, SNIPPETS[edit.snippet]!, behind]);
    else bytes = Buffer.concat([before, behind.subarray(0, edit.length), behind]);
  }
  return bytes;
}

/** Runs what may be refused with a sentence, and nothing else. */
function lawful(run: () => void): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ThingError, String(error));
    assert.match(error.code, /^(?:BAD_FRAME|SOURCE_FAILED)$/);
  }
}

function* piecesOf(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** By each way in: the gate, both splitters. @returns How many pictures passed the gate. */
function pass(gate: JpegInspector, bytes: Uint8Array, sound: Uint8Array, sizes: readonly number[]) {
  let taken = 0;
  const onJpeg = (jpeg: Uint8Array) =>
    lawful(() => {
      const { length } = gate.inspect(jpeg);
      assert.ok(length <= jpeg.length);
      taken += 1;
    });
  onJpeg(bytes);
  lawful(() => {
    const splitter = new JpegSplitter({ maxBytes: MAX_BYTES, onJpeg });
    for (const piece of piecesOf(bytes, sizes)) splitter.read(piece);
    splitter.read(sound);
  });
  for (const head of ["--f\r\n\r\n", `--f\r\nContent-Length: ${sound.length}\r\n\r\n`]) {
    let parts = 0;
    const end = { n: -1 };
    const parser = new MultipartParser({
      boundary: "f",
      maxPartBytes: MAX_BYTES,
      onPart: ({ body }) => {
        parts += 1;
        if (body.length > 0) onJpeg(body);
      },
    });
    lawful(() => {
      parser.read(text(head));
      for (const piece of piecesOf(bytes, sizes)) parser.read(piece);
      end.n = parts;
      // Pictures that follow are found again, once a segment that claims 64 KiB has ended in them.
      for (let n = 0; n < 400 && !parser.ended && parts < end.n + 3; n++)
        parser.read(Buffer.concat([text("\r\n--f\r\n\r\n"), sound]));
      assert.ok(parser.ended || parts >= end.n + 3, "sound pictures were not found again");
    });
  }
  return taken;
}

async function seeds(): Promise<Buffer[]> {
  const small = await jpegOf(24, 16);
  const made = [
    small,
    await jpegOf(24, 16, { progressive: true }),
    withOrientation(small, 6),
    withFirstSegment(small, segment(0xe1, [...text("Exif\0\0"), ...small])),
  ];
  return made.map((jpeg) => Buffer.from(jpeg));
}

test("mutated JPEGs, by the gate and by both splitters, are taken or refused with a sentence; what follows is found again, and memory stays flat", {
  timeout: process.env.THINGSCOPE_LONG ? 3600_000 : TEST_MS,
}, async (t) => {
  const all = await seeds();
  const gate = new JpegInspector();
  let taken = 0;
  const run = ({ seed, edits, pieces }: { seed: number; edits: Edits; pieces: number[] }) => {
    const sound = all[seed % all.length]!;
    taken += pass(gate, edited(sound, edits), sound, pieces);
  };
  fc.assert(fc.property(Case, run), { numRuns: Math.min(1000, MUTATIONS) }); // compiled by now
  const before = await memoryHeld();
  for (let done = 0; done < MUTATIONS; done += 10_000) {
    fc.assert(fc.property(Case, run), { numRuns: Math.min(10_000, MUTATIONS - done) });
    if (MUTATIONS > 10_000) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: done + 1 });
  }
  const grown = (await memoryHeld()) - before;
  assert.ok(grown < FLAT_BYTES, `${grown} bytes more after ${MUTATIONS} pictures`);
  t.diagnostic(
    `${MUTATIONS} mutated pictures, ${taken} passages through the gate, ${grown} bytes more`,
  );
});

test("each picture of the saved corpus is taken or refused as it was", async () => {
  const folder = packagePath("test", "fixtures", "mutated-jpegs");
  const [sound] = await seeds();
  for (const name of readdirSync(folder).toSorted()) {
    const bytes = readFileSync(`${folder}/${name}`);
    pass(new JpegInspector(), bytes, sound!, [7, 300]);
    const isTaken = name.startsWith("taken-");
    const inspect = () => new JpegInspector().inspect(bytes);
    if (isTaken) inspect();
    else assert.throws(inspect, { code: "BAD_FRAME" }, name);
  }
});
