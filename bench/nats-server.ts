import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packagePath } from "../src/base/package-root.ts";
import { BUILD_FOLDER } from "./programs.ts";

/** A nats-server with JetStream on a free port, and a folder; both go with it. */
export async function startNats() {
  const program = packagePath(".venv", "bin", "nats-server");
  if (!existsSync(program)) {
    throw new Error("nats-server is missing. Install it with: scripts/setup --bench");
  }
  await mkdir(BUILD_FOLDER, { recursive: true });
  const folder = await mkdtemp(join(BUILD_FOLDER, "work-"));
  const options = ["-js", "-a", "127.0.0.1", "-p", "-1", "-sd", join(folder, "store")];
  const child = spawn(program, options, { stdio: ["ignore", "ignore", "pipe"] });
  let url = "";
  for await (const line of createInterface(child.stderr)) {
    const [, port] = /client connections on .*:(\d+)/.exec(line) ?? [];
    if (port) url = `nats://127.0.0.1:${port}`;
    if (line.includes("Server is ready")) break;
  }
  child.stderr.resume();
  return {
    url,
    folder,
    async stop() {
      const exit = once(child, "exit");
      child.kill();
      await exit;
      await rm(folder, { recursive: true });
    },
  };
}
