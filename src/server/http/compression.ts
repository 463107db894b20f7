import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { countedLimit } from "../../base/limit-hits.ts";
import { hashOf } from "./conditions.ts";
import type { Reply, Route } from "./route.ts";

/** Of all compressed bodies that are kept, together. */
const MOST_BYTES = 8 * 2 ** 20;

const dropped = countedLimit("compressed_bodies");
const compress = promisify(gzip);

/** How an answer is sent: as it is, or compressed. */
export type Coding = "gzip" | "identity";

/**
 * What a client takes of a route that may compress. Compressed are the files of pages and descriptions, which are the same for all:
 * never a stream, and nothing that holds what one client may see beside what another sent.
 * @see RFC 9110, 12.5.3 Accept-Encoding.
 */
export function codingFor({ compresses }: Route, { headers }: IncomingMessage): Coding {
  if (!compresses) return "identity";
  const codings = new Map(
    String(headers["accept-encoding"] ?? "")
      .split(",")
      .map(qualityIn),
  );
  const quality = codings.get("gzip") ?? codings.get("x-gzip") ?? codings.get("*") ?? 0;
  return quality > 0 && quality >= (codings.get("identity") ?? 0) ? "gzip" : "identity";
}

function qualityIn(range: string): [coding: string, quality: number] {
  const [coding = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
  const quality = weight === undefined ? 1 : Number(weight.slice(weight.indexOf("=") + 1).trim());
  return [coding, Number.isFinite(quality) ? quality : 0];
}

/** An answer in its coding; each body is compressed once for all clients. */
export async function encoded(reply: Reply, coding: Coding): Promise<Reply> {
  const { body } = reply;
  if (coding === "identity" || !(body instanceof Uint8Array)) return reply;
  const headers = { ...reply.headers, "Content-Encoding": coding };
  return { ...reply, headers, body: await kept.of(reply.hash ?? hashOf(body), body) };
}

/** Compressed bodies by the hash of what they hold; the one that was used last is the last. */
class CompressedBodies {
  readonly #kept = new Map<string, Buffer>();
  readonly #underWay = new Map<string, Promise<Buffer>>();
  #bytes = 0;

  async of(hash: string, body: Uint8Array): Promise<Buffer> {
    const known = this.#kept.get(hash) ?? (await this.#compressed(hash, body));
    if (!this.#kept.delete(hash)) this.#bytes += known.length;
    this.#kept.set(hash, known);
    for (const [oldest, { length }] of this.#kept) {
      if (this.#bytes <= MOST_BYTES) break;
      this.#kept.delete(oldest);
      this.#bytes -= length;
      dropped.hit();
    }
    return known;
  }

  /** Clients that come meanwhile wait for the same. */
  #compressed(hash: string, body: Uint8Array): Promise<Buffer> {
    const known = this.#underWay.get(hash);
    if (known) return known;
    const compressing = compress(body).finally(() => this.#underWay.delete(hash));
    this.#underWay.set(hash, compressing);
    return compressing;
  }
}

const kept = new CompressedBodies();
