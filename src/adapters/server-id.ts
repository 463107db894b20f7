import { createHash } from "node:crypto";
import { hostname } from "node:os";
import type { ThingHost } from "../core/thing-host.ts";

/** The same after every restart, and another one for each folder of settings on each machine. */
export function serverId({ settingsFolder }: ThingHost): string {
  return `thingscope_${digestOf(`${hostname()}\n${settingsFolder}`)}`;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
