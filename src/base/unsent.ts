import type { Server } from "node:net";
import { messageOf } from "./errors.ts";
import type { Log } from "./log.ts";
import { loadAddon } from "./native.ts";

/** How many bytes a viewer's socket takes ahead of what the network has carried away: one or two small writes. */
export const UNSENT_BYTES = 16 * 1024;

interface TcpLowat {
  setNotSentLowWater(fd: number, bytes: number): void;
  getNotSentLowWater(fd: number): number;
  unsentBytes(fd: number): number;
}

function isTcpLowat(module: unknown): module is TcpLowat {
  return typeof module === "object" && module !== null && "setNotSentLowWater" in module;
}

/** The addon that reads and sets how much a socket holds unsent; undefined where it does not run. */
export function tcpLowat(): TcpLowat | undefined {
  return loadAddon("tcp-lowat", isTcpLowat);
}

/**
 * Keeps the kernel from queueing a stream for a slow viewer: its send buffer, up to 4 MB, would hold some forty
 * frames, each older than the next. Call it once `server` listens; sockets it accepts afterwards inherit the limit.
 *
 * @returns Whether the limit holds. Without the addon, or without a TCP socket, the server runs as well, and a
 * slow viewer sees older frames.
 */
export function limitUnsent(server: Server, log: Log): boolean {
  const fd = descriptorOf(server);
  const addon = fd === undefined ? undefined : tcpLowat();
  if (fd === undefined || !addon) return false;
  try {
    addon.setNotSentLowWater(fd, UNSENT_BYTES);
    return true;
  } catch (error) {
    log.warn(`Slow viewers may be seconds behind: the listener refuses TCP_NOTSENT_LOWAT.`, {
      reason: messageOf(error),
    });
    return false;
  }
}

/**
 * The file descriptor of a listening server or a connected socket. Node has no public name for it; `_handle.fd`
 * has been there since Node 0.x, is -1 where the system has no descriptors, and nothing breaks when it goes.
 */
export function descriptorOf(socket: object): number | undefined {
  const handle: unknown = Reflect.get(socket, "_handle");
  const fd: unknown =
    typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  return typeof fd === "number" && fd >= 0 ? fd : undefined;
}
