import type { IncomingMessage } from "node:http";
import { ThingError } from "../base/errors.ts";

const LIMIT = 1 << 20;

export async function readJson(request: IncomingMessage): Promise<unknown> {
  const text = await readText(request);
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ThingError("INVALID_INPUT", "The body is not JSON.", { cause });
  }
}

export async function readPropertyValue(request: IncomingMessage): Promise<unknown> {
  return readJson(request);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LIMIT)
      throw new ThingError("BODY_TOO_LARGE", `The body is longer than ${LIMIT} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
