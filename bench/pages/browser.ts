import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { packagePath } from "../../src/base/package-root.ts";
import { type Running, start } from "../programs.ts";
import type { Length } from "../row.ts";
import { SERVER_CORE, untilItPrints } from "../servers.ts";

export const SECONDS: Record<Length, number> = { smoke: 3, short: 10, full: 60 };
const PROGRAM = "/usr/bin/chromium";

/** How many cameras, and the size of their pictures. */
export interface Cameras {
  readonly count: number;
  readonly width: number;
  readonly height: number;
}

/** @returns Where the system's Chromium is. @throws {Error} with how to install it. */
export function chromiumProgram(): string {
  if (existsSync(PROGRAM)) return PROGRAM;
  throw new Error(`${PROGRAM} is missing. Install it: scripts/setup`);
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumProgram(), args: ["--no-sandbox"] });
}

/** A server with cameras, in a process of its own. */
export async function startCameras({
  count,
  width,
  height,
}: Cameras): Promise<{ url: string; running: Running }> {
  const script = packagePath("dist", "bench", "pages", "cameras-server.js");
  const sizes = [count, width, height].map(String);
  const running = start(SERVER_CORE, [process.execPath, script, ...sizes]);
  return { running, url: await untilItPrints(running, /^(http:\S+)$/m) };
}

export function at(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? -1;
}
