import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { type Camera, delay } from "thingscope";
import { configFrom } from "../../src/cli/config.ts";
import { parseConfigText } from "../../src/cli/config-text.ts";
import { Child } from "../../src/processes/child.ts";
import { openTestHost } from "../../src/testing/index.ts";
import { blocksOf, pageText } from "../docs/page.ts";
import { patience, WAIT_MS } from "../limits.ts";

/** A camera in a server of its own, watched until the test ends. */
export async function watched<T extends Camera>(
  t: TestContext,
  cameraClass: new (options: never) => T,
  kwargs: object,
) {
  const options = { kwargs: kwargs as never, name: "camera" };
  const bench = await openTestHost<T, never>(cameraClass, options);
  const { mjpeg_stream } = bench.thing;
  const release = mjpeg_stream.demand.take();
  t.after(async () => {
    release();
    await bench.close();
  });
  return {
    bench,
    camera: bench.thing,
    /** The next frame. */
    frame: () => mjpeg_stream.grab(patience()),
    /** Resolves with the reason when the camera is in this state. */
    until: async (state: string): Promise<string> => {
      const found = await bench.untilProperty("state", (value) => Object(value).state === state, {
        withinMs: WAIT_MS,
      });
      return String(Object(found).reason ?? "");
    },
  };
}

/** A program that runs until the test ends, and the first line that it printed. */
export async function peer(
  t: TestContext,
  program: string,
  args: readonly string[],
): Promise<{ readonly line: string; readonly child: Child }> {
  const child = new Child({ program, args }, { outputs: [1] });
  t.after(() => child.stop());
  const lines = createInterface({ input: child.output(1) });
  const first = once(lines, "line", { signal: patience() });
  const ended = child.ended.then(() => assert.fail(`${program}: ${child.errorLines.join(" ")}`));
  const [line] = await Promise.race([first, ended]);
  ended.catch(() => {});
  return { line: String(line), child };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  server.close();
  await once(server, "close");
  return address.port;
}

/** Tries until it does not throw. */
export async function untilItHolds(check: () => void | Promise<void>): Promise<void> {
  const end = performance.now() + WAIT_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await delay(20);
    }
  }
}

/** A property as a Thing Description has it. */
export interface DescribedProperty {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly readOnly?: boolean;
  readonly "@type"?: string;
}

/** What a Thing Description has of a property; nothing, if it has no such property. */
export async function describedAt(url: string): Promise<(name: string) => DescribedProperty> {
  const { properties } = Object(await (await fetch(url)).json());
  return (name) => properties[name] ?? {};
}

/** The options that docs/cameras.md prints for a kind of camera. */
export function kwargsOnPage(kind: string): Readonly<Record<string, unknown>> {
  for (const { language, text } of blocksOf(pageText("cameras.md"))) {
    if (language !== "yaml") continue;
    const { things } = configFrom(parseConfigText(text, "cameras.yaml").value, "/");
    const entry = [...things.values()].find((one) => one.class.endsWith(`:${kind}`));
    if (entry) return { ...entry.kwargs };
  }
  assert.fail(`docs/cameras.md has no configuration of a ${kind}.`);
}
