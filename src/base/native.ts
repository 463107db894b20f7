import { accessSync, constants, existsSync } from "node:fs";
import { createRequire } from "node:module";
import type { Server } from "node:net";
import { messageOf } from "./errors.ts";
import type { Log } from "./log.ts";
import { packagePath } from "./package-root.ts";

const require = createRequire(import.meta.url);
const loaded = new Map<string, unknown>();

/**
 * The exports of the addon `native/NAME`, or undefined when it has not been built or does not load here. The first
 * call for a name says so in `log`, with what is lost; `npm run build:native` builds the addons.
 *
 * @param isAddon - Tells whether what was loaded has the functions that the caller needs.
 * @param without - What is worse without it, as the end of a sentence.
 */
export function loadAddon<T>(
  name: string,
  isAddon: (module: unknown) => module is T,
  without: string,
  log: Log,
): T | undefined {
  if (!loaded.has(name)) loaded.set(name, tryAddon(name, without, log));
  const addon = loaded.get(name);
  return isAddon(addon) ? addon : undefined;
}

/**
 * The file of a program of `native/NAME`, or undefined where there is none that can be executed, as on systems that it
 * was not built for.
 */
export function nativeProgram(name: string): string | undefined {
  return placesOf(name, name).find(isExecutable);
}

/** What this machine built comes before what the package brought. */
function placesOf(part: string, file: string): readonly string[] {
  return [
    packagePath("native", part, "build", "Release", file),
    packagePath("prebuilds", `${process.platform}-${process.arch}`, file),
  ];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function tryAddon(name: string, without: string, log: Log): unknown {
  try {
    const file = placesOf(name, `${name}.node`).find((place) => existsSync(place));
    if (!file) throw new Error(`There is none for ${process.platform}-${process.arch}.`);
    return require(file);
  } catch (error) {
    const reason = messageOf(error).split("\n")[0];
    log.warn(
      `The addon '${name}' is not available, so ${without}. Build it with: npm run build:native`,
      { reason },
    );
    return undefined;
  }
}

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

/** The addon that reads and sets how much a socket holds unsent; undefined where it is not built. */
export function tcpLowat(log: Log): TcpLowat | undefined {
  return loadAddon(
    "tcp-lowat",
    isTcpLowat,
    "a slow viewer may be 3 s behind instead of 0.7 s",
    log,
  );
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
  const addon = fd === undefined ? undefined : tcpLowat(log);
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
