import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { packagePath } from "../../src/base/package-root.ts";

const CHILD = packagePath("dist", "test", "recording", "recording-child.js");

/** Records until it is killed, some while after its first frame. @returns the time of the newest frame that it had. */
export async function killedWhileRecording(path: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, path, "20000", "100000"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const closed = once(child, "close");
  let newest = 0;
  for await (const line of createInterface(child.stdout)) {
    if (newest === 0) setTimeout(() => child.kill("SIGKILL"), afterMs);
    newest = Number.parseFloat(line);
  }
  await closed;
  return newest;
}
