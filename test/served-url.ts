import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** The address that a server tells in its log, once it serves. @throws When it ends without one. */
export async function servedUrl(log: Readable): Promise<string> {
  for await (const line of createInterface(log)) {
    const url = /"url":"(http:[^"]*\d)"/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error("The server ended before it told its address: its own output above says why.");
}
