import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  type HostOptions,
  logTo,
  type ServerOptions,
  type Thing,
  ThingHost,
  ThingServer,
} from "thingscope";
import type { LogLevel } from "../../src/base/log.ts";

/** Things behind a real port, open, and what was logged of them; closed with their test. */
export async function served(
  test: TestContext,
  things: Record<string, Thing>,
  { host: hostOptions, server: serverOptions }: { host?: HostOptions; server?: ServerOptions } = {},
) {
  const lines: [LogLevel, string][] = [];
  const host = new ThingHost({
    settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")),
    log: logTo((level, message) => lines.push([level, message])),
    ...hostOptions,
  });
  for (const [name, thing] of Object.entries(things)) host.add(name, thing);
  const server = new ThingServer(host, serverOptions);
  test.after(() => server.close());
  const address = await server.listen({ port: 0 });
  const errors = () => lines.filter(([level]) => level === "error").map(([, message]) => message);
  const json = async (path: string): Promise<unknown> =>
    JSON.parse(await (await fetch(`${address.url}${path}`)).text());
  const metric = async (name: string): Promise<string[]> => {
    const text = await (await fetch(`${address.url}/metrics`)).text();
    return text.split("\n").filter((line) => line.startsWith(name));
  };
  return { host, server, ...address, lines, errors, json, metric };
}
