import { segmentsOf } from "../frames/jpegs.ts";

/** Bytes of a picture in one packet. */
const MOST_BYTES = 400;
const HZ = 90_000;

/** The packets of a picture, as RFC 2435 has them: a baseline JPEG of 4:2:0 with the standard Huffman tables, whose sizes are multiples of 8. */
export function rtpJpeg(
  jpeg: Uint8Array,
  { number, firstSequence }: { readonly number: number; readonly firstSequence: number },
): Buffer[] {
  const bytes = Buffer.from(jpeg);
  const segments = segmentsOf(jpeg);
  const frame = segments.find(({ code }) => code === 0xc0)!;
  const [height, width] = [bytes.readUInt16BE(frame.at + 5), bytes.readUInt16BE(frame.at + 7)];
  const scan = bytes.subarray(segments.at(-1)!.end, bytes.length - 2);
  const packets: Buffer[] = [];
  for (let at = 0; at < scan.length; at += MOST_BYTES) {
    const rtp = Buffer.alloc(12);
    const isLast = at + MOST_BYTES >= scan.length;
    rtp[0] = 0x80;
    rtp[1] = 26 | (isLast ? 0x80 : 0);
    rtp.writeUInt16BE((firstSequence + packets.length) & 0xffff, 2);
    rtp.writeUInt32BE((number * (HZ / 25)) >>> 0, 4);
    rtp.writeUInt32BE(0x1234, 8);
    const head = Buffer.from([
      0,
      at >> 16,
      (at >> 8) & 255,
      at & 255,
      1,
      255,
      width / 8,
      height / 8,
    ]);
    const tables = at === 0 ? [Buffer.from([0, 0, 0, 128]), ...quantization(bytes)] : [];
    packets.push(Buffer.concat([rtp, head, ...tables, scan.subarray(at, at + MOST_BYTES)]));
  }
  return packets;
}

/** The two tables, whether they stand in one segment or in two. */
function quantization(bytes: Buffer): Buffer[] {
  const tables: Buffer[] = [];
  for (const { at, end } of segmentsOf(bytes).filter(({ code }) => code === 0xdb))
    for (let from = at + 4; from + 65 <= end; from += 65)
      tables.push(bytes.subarray(from + 1, from + 65));
  return tables;
}
