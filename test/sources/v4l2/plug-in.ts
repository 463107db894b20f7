import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../temporary-folder.ts";
import type { Behaviour } from "./stand-in-device.ts";

const PROGRAM = fileURLToPath(new URL("./stand-in.js", import.meta.url));

/** A program and its first arguments, as V4L2Camera's option `program` takes them. */
export const STAND_IN: readonly string[] = [process.execPath, PROGRAM];

/** Plugs a device in: a file that the stand-in takes for its node. */
export async function plugIn(behaviour: Behaviour = {}, path?: string): Promise<string> {
  const node = path ?? join(await temporaryFolder(), "video0");
  await writeFile(node, JSON.stringify(behaviour));
  return node;
}
