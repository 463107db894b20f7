import type { TestContext } from "node:test";
import { type Log, logTo, type ServerOptions, ThingHost, ThingServer } from "thingscope";
import { MqttBridge, type MqttOptions } from "thingscope/mqtt";
import { TestCamera } from "thingscope/things";
import { temporaryFolder } from "../../temporary-folder.ts";
import { Lamp } from "./lamp.ts";

/** A server with a lamp and a camera, which a broker tells of. */
export interface House<L extends Lamp = Lamp> {
  readonly server: ThingServer;
  readonly lamp: L;
  readonly bridge: MqttBridge;
  readonly url: string;
  /** Lines of its log. */
  readonly lines: string[];
}

export async function houseAt<L extends Lamp = Lamp>(
  t: TestContext,
  port: number,
  {
    lamp = new Lamp() as L,
    joins = true,
    settingsFolder,
    login,
    refreshMs,
    silentMs,
    ...options
  }: Partial<MqttOptions> & {
    lamp?: L;
    joins?: boolean;
    settingsFolder?: string;
    login?: ServerOptions["login"];
    refreshMs?: number;
    silentMs?: number;
  } = {},
): Promise<House<L>> {
  const folder = settingsFolder ?? (await temporaryFolder());
  const lines: string[] = [];
  const log: Log = logTo((_, line) => lines.push(line));
  const host = new ThingHost({ settingsFolder: folder, log });
  host.add("lamp", lamp);
  host.add("camera", new TestCamera());
  const bridge = new MqttBridge(
    { broker: `mqtt://127.0.0.1:${port}`, ...options },
    {
      ...{ folder, log: host.log },
      ...(refreshMs !== undefined && { refreshMs }),
      ...(silentMs !== undefined && { silentMs }),
    },
  );
  const server = new ThingServer(host, { bridges: [bridge], ...(login && { login }) });
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  if (joins) await bridge.joined;
  return { server, lamp, bridge, url, lines };
}
