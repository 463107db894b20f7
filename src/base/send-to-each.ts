import type { Socket } from "node:net";
import { loadAddon } from "./native.ts";

/** What Node keeps under a socket. `fd` is negative once it is closed. */
export interface SocketHandle {
  readonly fd: number;
}

interface SendToEach {
  sendToEach(fds: Int32Array, count: number, bytes: Uint8Array, taken: Int32Array): void;
}

let fds = new Int32Array(64);
let taken = new Int32Array(64);

/**
 * Hands the same bytes to the kernel for each target, in one call: going through Node's streams costs half as much again
 * as the sending itself. Every target must have taken all that Node's stream was given before (`writableLength` is 0).
 *
 * @returns How many bytes each has taken, in their order, valid until the next call. Whatever is left, perhaps all, is to be
 * written with `write`, which reports errors too: so it is without a handle, on a full socket, and without the addon.
 */
export function sendToEach(
  targets: readonly { readonly handle: SocketHandle | undefined }[],
  bytes: Uint8Array,
): Int32Array {
  const count = targets.length;
  if (count > fds.length) {
    fds = new Int32Array(2 * count);
    taken = new Int32Array(2 * count);
  }
  const addon = loadAddon("send-to-each", isSendToEach);
  if (!addon) return taken.fill(0, 0, count);
  for (let i = 0; i < count; i++) fds[i] = targets[i]?.handle?.fd ?? -1;
  addon.sendToEach(fds, count, bytes, taken);
  return taken;
}

/** The handle of a socket whose bytes go out as they are; undefined for TLS and for anything that is no socket. */
export function plainHandleOf(socket: Socket): SocketHandle | undefined {
  const handle: unknown = "encrypted" in socket ? undefined : Reflect.get(socket, "_handle");
  return isHandle(handle) ? handle : undefined;
}

function isHandle(value: unknown): value is SocketHandle {
  return typeof value === "object" && value !== null && "fd" in value;
}

function isSendToEach(module: unknown): module is SendToEach {
  return typeof module === "object" && module !== null && "sendToEach" in module;
}
