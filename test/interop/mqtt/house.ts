import type { TestContext } from "node:test";
import {
  action,
  event,
  type Log,
  logTo,
  property,
  type ServerOptions,
  setting,
  Thing,
  ThingEvent,
  ThingHost,
  ThingServer,
} from "thingscope";
import { MqttBridge, type MqttOptions } from "thingscope/mqtt";
import { TestCamera } from "thingscope/things";
import { Type } from "typebox";
import { temporaryFolder } from "../../temporary-folder.ts";

/** One of everything that Home Assistant has an entity for. */
export class Lamp extends Thing {
  @property("How bright it is", Type.Number({ minimum: 0, maximum: 100, unit: "%" }))
  accessor brightness = 10;
  @setting("Colour of its light", Type.Enum(["warm", "cold"]))
  accessor colour: "warm" | "cold" = "warm";
  @property("Whether it shines", Type.Boolean())
  accessor on = false;
  @property("What stands on it", Type.String({ maxLength: 20 }))
  accessor label = "desk";
  @property("How long it flashes", Type.Integer({ minimum: 1, unit: "us" }), {
    title: "Flash length",
  })
  accessor flash = 5;
  presses = 0;
  @event("It has flashed", Type.Object({ count: Type.Integer() }))
  readonly flashed = new ThingEvent<{ count: number }>();

  @property("Of its body", Type.Number({ unit: "Cel" }))
  get temperature(): number {
    return 20.5;
  }

  @property("Whether it is too hot to touch", Type.Boolean())
  get hot(): boolean {
    return false;
  }

  @property(
    "How long it has lived",
    Type.Object({
      hours: Type.Number({ unit: "h" }),
      since: Type.String({ format: "date-time" }),
      state: Type.Enum(["good", "worn"]),
      spare: Type.Union([Type.String(), Type.Null()]),
    }),
  )
  get life() {
    return { hours: 12, since: "2026-01-02T03:04:05Z", state: "good" as const, spare: null };
  }

  @action("Flashes once")
  async blink(): Promise<void> {
    this.presses += 1;
    this.flashed.emit({ count: this.presses });
  }

  @action("Counts several flashes", { input: Type.Object({ times: Type.Integer({ minimum: 1 }) }) })
  async repeat({ times }: { times: number }): Promise<void> {
    this.presses += times;
  }
}

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
