import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  action,
  delay,
  event,
  type Invocation,
  MJPEGStream,
  property,
  type ServerOptions,
  setting,
  stream,
  Thing,
  ThingEvent,
  ThingHost,
  ThingServer,
} from "thingscope";
import { Type } from "typebox";

const Nothing = Type.Union([Type.Object({ depth: Type.Integer() }), Type.Null()]);

/** A Thing with every kind of property, action and event that WoT Profiles tell apart. */
export class Lamp extends Thing {
  static override readonly title = "Lamp";
  static override readonly description = "A lamp for tests of consumers.";
  static override readonly affordances = [
    { kind: "event", name: "broken", member: "broken", description: "The bulb broke" },
  ] as const;
  readonly broken = new ThingEvent<void>();
  /** Whether `wait` waits. */
  waiting = false;
  /** Set to make `fuse` refuse what it is given. */
  fuseIsBurnt = false;
  #fuse = 1;

  @property("Brightness", Type.Integer({ minimum: 0, maximum: 100, unit: "percent" }))
  accessor level = 0;
  @setting("Label", Type.Union([Type.String(), Type.Null()])) accessor label: string | null = "x";
  @property("Hours that it was on", Type.Number({ unit: "h" })) get hours(): number {
    return 2.5;
  }
  @property("Rating of the fuse", Type.Integer({ unit: "A" })) get fuse(): number {
    return this.#fuse;
  }
  set fuse(rating: number) {
    if (this.fuseIsBurnt) throw new Error("The fuse is burnt.");
    this.#fuse = rating;
  }
  @event("It is too hot", Type.Number({ unit: "Cel" })) readonly overheated =
    new ThingEvent<number>();
  @stream("The filament") readonly live = new MJPEGStream();

  @action("Add", {
    input: Type.Object({ a: Type.Number(), b: Type.Number() }),
    output: Type.Number(),
    synchronous: true,
  })
  async add({ a, b }: { a: number; b: number }): Promise<number> {
    return a + b;
  }
  @action("Blink", { synchronous: true }) async blink(): Promise<void> {}
  @action("Wait for the light", { synchronous: true })
  async wait(_: object, run: Invocation): Promise<void> {
    this.waiting = true;
    await delay(60_000, run.signal).finally(() => {
      this.waiting = false;
    });
  }
  @action("Whether null is a value", { input: Nothing, output: Type.Boolean(), synchronous: true })
  async isNull(input: { depth: number } | null): Promise<boolean> {
    return input === null;
  }
  @action("Fade for a minute") async fade(_: object, run: Invocation): Promise<void> {
    await delay(60_000, run.signal);
  }
  @action("Shine for a minute, beside what else moves", { useGlobalLock: false })
  async shine(_: object, run: Invocation): Promise<void> {
    await delay(60_000, run.signal);
  }
  @action("Fail") async fail(): Promise<void> {
    throw new RangeError("out of film");
  }
  @action("Give zero", { output: Type.Integer() }) async zero(): Promise<number> {
    return 0;
  }
  @action("Give no", { output: Type.Boolean() }) async no(): Promise<boolean> {
    return false;
  }
  @action("Give an empty text", { output: Type.String() }) async empty(): Promise<string> {
    return "";
  }
  @action("Give null", { output: Type.Null() }) async nothing(): Promise<null> {
    return null;
  }
}

/** A running server with a lamp and what else is given; at most three invocations run at once. */
export async function litRoom(
  test: TestContext,
  options: ServerOptions = {},
  others: Record<string, new () => Thing> = {},
): Promise<{ lamp: Lamp; host: ThingHost; server: ThingServer; url: string; port: number }> {
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-"));
  const host = new ThingHost({
    settingsFolder,
    invocations: { maxRunningPerThing: 3 },
    enableGlobalLock: true,
  });
  const lamp = new Lamp();
  host.add("lamp", lamp);
  for (const [name, Other] of Object.entries(others)) host.add(name, new Other());
  const server = new ThingServer(host, options);
  test.after(async () => {
    await server.close();
    await rm(settingsFolder, { recursive: true });
  });
  return { lamp, host, server, ...(await server.listen({ port: 0 })) };
}
