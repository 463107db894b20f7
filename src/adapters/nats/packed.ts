import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Bytes that a message unpacks to at most. */
const MOST_UNPACKED = 16 * 2 ** 20;

/** In gzip: a Thing Description takes a tenth of its size then. */
export function pack(bytes: string | Uint8Array): Promise<Uint8Array> {
  return compress(bytes);
}

/** @throws {Error} for what is not gzip, and for what becomes larger than 16 MiB. */
export function unpack(bytes: Uint8Array): Promise<Uint8Array> {
  return decompress(bytes, { maxOutputLength: MOST_UNPACKED });
}

/** A text that may be packed; undefined where it cannot be unpacked. */
export async function textIn(bytes: Uint8Array): Promise<string | undefined> {
  if (!isPacked(bytes)) return new TextDecoder().decode(bytes);
  return unpack(bytes).then(
    (text) => new TextDecoder().decode(text),
    () => undefined,
  );
}

/** @see RFC 1952, 2.3.1 */
function isPacked([first, second]: Uint8Array): boolean {
  return first === 0x1f && second === 0x8b;
}
