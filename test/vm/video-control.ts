import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { patience } from "../limits.ts";

const run = promisify(execFile);

/** What `v4l2-ctl` prints, another program that uses the device. */
export async function v4l2Ctl(device: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run("v4l2-ctl", ["-d", device, ...args], {
    signal: patience(),
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** Value of a control as `v4l2-ctl` has it. */
export async function controlOf(device: string, name: string): Promise<number> {
  const text = await v4l2Ctl(device, "-C", name);
  return Number(text.trim().split(" ").at(-1));
}
