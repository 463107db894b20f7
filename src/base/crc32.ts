import { crc32 as byTables } from "node:zlib";
import { loadAddon } from "./native.ts";

interface Crc32 {
  crc32(bytes: Uint8Array, before: number): number;
}

/**
 * The CRC-32 of zlib, PNG and Ethernet. With the addon it takes a quarter of the time that Node's takes, which is a third of what
 * writing the bytes to a file does.
 * @param before - The CRC of the bytes before these.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  const addon = loadAddon("crc32", isCrc32);
  return addon ? addon.crc32(bytes, before) : byTables(bytes, before);
}

function isCrc32(module: unknown): module is Crc32 {
  return typeof module === "object" && module !== null && "crc32" in module;
}
