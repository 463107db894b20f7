import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { type Log, type Thing, ThingHost, ThingServer } from "thingscope";
import { Fleet, FleetClient, type FleetOptions } from "thingscope/fleet";
import { SimulatedStage, TestCamera } from "thingscope/things";
import { packagePath } from "../../../src/base/package-root.ts";
import { patience } from "../../limits.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

/** A server with a camera and a stage that belongs to a fleet. */
export async function memberFor(
  t: TestContext,
  options: FleetOptions,
  {
    joins = true,
    log,
    things = {},
  }: { joins?: boolean; log?: Log; things?: Readonly<Record<string, Thing>> } = {},
): Promise<{ server: ThingServer; fleet: Fleet; url: string }> {
  const settingsFolder = await temporaryFolder();
  const host = new ThingHost({ settingsFolder, ...(log && { log }) });
  host.add("camera", new TestCamera());
  host.add("stage", new SimulatedStage());
  for (const [name, thing] of Object.entries(things)) host.add(name, thing);
  const fleet = new Fleet(options, { folder: settingsFolder, log: host.log });
  const server = new ThingServer(host, { fleet });
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  if (joins) await fleet.joined;
  return { server, fleet, url };
}

/** A client of a fleet, closed with its test. */
export async function clientFor(
  t: TestContext,
  ...options: Parameters<typeof FleetClient.connect>
): Promise<FleetClient> {
  const client = await FleetClient.connect(...options);
  t.after(() => client.close());
  return client;
}

/** A server in a process of its own. @param port - A free one when absent. @param at - Its settings folder; a new one when absent. */
export async function memberApart(
  t: TestContext,
  options: FleetOptions,
  { port = 0, at }: { port?: number; at?: string } = {},
): Promise<{ child: ChildProcess; root: string; folder: string }> {
  const folder = at ?? (await temporaryFolder());
  const program = packagePath("dist/test/interop/nats/member-child.js");
  const child = spawn(process.execPath, [program, JSON.stringify({ options, folder, port })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  let bound = "";
  for await (const line of createInterface(child.stdout)) {
    bound = /^LISTENS (\d+)/.exec(line)?.[1] ?? bound;
    if (line === "JOINED") break;
  }
  child.stdout.resume();
  return { child, root: `http://127.0.0.1:${bound}`, folder };
}

/** Resolves when `isSo` is true, which is looked at whenever `onChange` tells. */
export async function until(
  isSo: () => boolean,
  onChange: (listener: () => void) => () => void,
): Promise<void> {
  if (isSo()) return;
  await new Promise<void>((resolve, reject) => {
    const signal = patience();
    signal.addEventListener("abort", () => reject(signal.reason));
    const stop = onChange(() => {
      if (!isSo()) return;
      stop();
      resolve();
    });
  });
}
