import { randomBytes } from "node:crypto";
import { countedLimit } from "../base/limit-hits.ts";
import { heartbeatPart } from "../frames/frame-memory.ts";
import { describePath, MIRROR_PATH } from "../frames/wire/mirror-path.ts";

const rings = countedLimit("picture_rings");
const PLAIN = heartbeatPart();

/**
 * The sources that pictures pass where servers show each other's, by ids that no two have: a source through which its own pictures
 * would come round finds itself among them.
 */
export class SourceWay {
  readonly #id = `urn:thingscope:source:${randomBytes(9).toString("base64url")}`;
  #ids: readonly string[] = [];
  #heartbeat = PLAIN;

  /** From the camera to this one; empty where the source is no other server. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  /** The part without a picture that tells readers of this way: it may become known after they have begun. */
  get heartbeat(): Uint8Array {
    return this.#heartbeat;
  }

  /** The pictures come from another server, through these as far as is known. @returns False when they would come round. */
  comesThrough(ids: readonly string[]): boolean {
    const isRing = ids.includes(this.#id);
    if (isRing) rings.hit();
    const known = [...new Set([...(isRing ? [] : ids), this.#id])];
    if (known.join() === this.#ids.join()) return !isRing;
    this.#ids = known;
    this.#heartbeat = heartbeatPart(`${MIRROR_PATH}: ${describePath(known)}\r\n`);
    return !isRing;
  }
}
