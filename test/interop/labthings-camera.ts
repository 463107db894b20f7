import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith } from "../cli/run-cli.ts";
import { picture } from "../streams/pictures.ts";
import { python } from "./programs.ts";

/** The address of a camera that labthings-fastapi serves. */
export async function labThingsCamera(t: TestContext): Promise<string> {
  const folder = await folderWith({});
  const jpeg = join(folder, "picture.jpg");
  await writeFile(jpeg, picture(7));
  const script = packagePath("test", "interop", "labthings_server.py");
  const child = spawn(python(), ["-W", "ignore", script, jpeg], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [port] = await once(createInterface({ input: child.stdout }), "line");
  return `http://127.0.0.1:${port}/camera/`;
}
