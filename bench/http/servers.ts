import { existsSync } from "node:fs";
import { packagePath } from "../../src/base/package-root.ts";
import { start } from "../programs.ts";
import { freePort, SERVER_CORE, type Server, untilItListens, untilItPrints } from "../servers.ts";
import { NOTIFICATIONS_HZ } from "./notifications-hz.ts";

/** A web server to measure, and how to start it. */
export interface WebKind {
  readonly name: "limit" | "express" | "ours" | "node-wot" | "labthings";
  start(): Promise<Server>;
}

export const WEB_KINDS: readonly WebKind[] = [
  { name: "limit", start: () => startNode("limit.js") },
  { name: "express", start: () => startNode("express.js") },
  { name: "ours", start: () => startNode("ours.js") },
  { name: "node-wot", start: startNodeWot },
  { name: "labthings", start: startLabThings },
];
export const WEB_PEERS: readonly WebKind["name"][] = ["node-wot", "labthings"];

/** A server of the bench's own, which prints where it is. */
async function startNode(script: string): Promise<Server> {
  const running = start(SERVER_CORE, [process.execPath, scriptPath(script)]);
  const url = await untilItPrints(running, /^(http:\S+)$/m);
  return { url, raw: false, pid: running.pid, stop: running.stop };
}

async function startNodeWot(): Promise<Server> {
  const folder = packagePath("test", "interop", "programs", "node_modules", "@node-wot");
  return startAt([process.execPath, scriptPath("node-wot.js")], folder);
}

async function startLabThings(): Promise<Server> {
  const python = packagePath(".venv", "bin", "python");
  const script = packagePath("bench", "http", "labthings_server.py");
  return startAt([python, "-W", "ignore", script], python, String(NOTIFICATIONS_HZ));
}

/** A peer that is told its port. @param needs - The file or folder that is there when it is installed. */
async function startAt(command: string[], needs: string, ...rest: string[]): Promise<Server> {
  if (!existsSync(needs)) {
    throw new Error(`${needs} is missing. Install it with: scripts/setup --bench`);
  }
  const port = await freePort();
  const running = start(SERVER_CORE, [...command, String(port), ...rest]);
  await untilItListens(running, port);
  return { url: `http://127.0.0.1:${port}/`, raw: false, pid: running.pid, stop: running.stop };
}

function scriptPath(script: string): string {
  return packagePath("dist", "bench", "http", script);
}
