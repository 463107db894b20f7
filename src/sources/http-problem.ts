import { concatBytes } from "../base/bytes.ts";
import { cut } from "../base/preview.ts";
import { redactText } from "../base/redact-text.ts";
import type { HttpStream } from "./http-stream.ts";

const MOST_BYTES = 64 * 1024;
const LONGEST = 1000; // characters

/** The sentence with which a server refuses, as this package does (RFC 9457); undefined where there is none. */
export async function refusalIn(answer: HttpStream): Promise<string | undefined> {
  const type = answer.head.headers.get("content-type") ?? "";
  if (!/^application\/problem\+json/i.test(type)) return undefined;
  const pieces: Uint8Array[] = [];
  let size = 0;
  const reader = {
    get ended() {
      return size > MOST_BYTES;
    },
    read(bytes: Uint8Array) {
      pieces.push(bytes.slice());
      size += bytes.length;
    },
    place: () => undefined,
    received() {},
  };
  try {
    await answer.read(reader);
    const { detail } = Object(JSON.parse(new TextDecoder().decode(concatBytes(pieces))));
    return typeof detail === "string" ? shown(detail) : undefined;
  } catch {
    return undefined; // its status says enough
  }
}

function shown(detail: string): string | undefined {
  return cut(redactText(detail.replace(/\s+/g, " ").trim()), LONGEST) || undefined;
}
