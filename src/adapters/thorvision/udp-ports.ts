import { readFile } from "node:fs/promises";
import { delay } from "../../base/abort.ts";

const LOOK_EVERY_MS = 5;

/** Whether a program on this machine has bound the UDP port. False on systems without /proc/net, where it is unknown. */
export async function isUdpPortBound(port: number): Promise<boolean> {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const local = new RegExp(`^ *\\d+: [0-9A-F]+:${hex} `, "m");
  const tables = await Promise.all(["udp", "udp6"].map(tableOf));
  return tables.some((table) => local.test(table));
}

/** Resolves when the UDP port is bound. Rejects with the signal's reason. */
export async function untilUdpPortBound(port: number, signal: AbortSignal): Promise<void> {
  while (!(await isUdpPortBound(port))) await delay(LOOK_EVERY_MS, signal);
}

async function tableOf(name: string): Promise<string> {
  return readFile(`/proc/net/${name}`, "latin1").catch(() => "");
}
