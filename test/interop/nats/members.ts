import type { TestContext } from "node:test";
import { type Log, ThingHost, ThingServer } from "thingscope";
import { Fleet, FleetClient, type FleetOptions } from "thingscope/fleet";
import { SimulatedStage, TestCamera } from "thingscope/things";
import { temporaryFolder } from "../../temporary-folder.ts";

/** A server with a camera and a stage that belongs to a fleet. */
export async function memberFor(
  t: TestContext,
  options: FleetOptions,
  { joins = true, log }: { joins?: boolean; log?: Log } = {},
): Promise<{ server: ThingServer; fleet: Fleet; url: string }> {
  const settingsFolder = await temporaryFolder();
  const host = new ThingHost({ settingsFolder, ...(log && { log }) });
  host.add("camera", new TestCamera());
  host.add("stage", new SimulatedStage());
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
  options: Parameters<typeof FleetClient.connect>[0],
): Promise<FleetClient> {
  const client = await FleetClient.connect(options);
  t.after(() => client.close());
  return client;
}
