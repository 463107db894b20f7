import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { ThingHost, ThingServer } from "thingscope";
import { thingClasses, thingOf } from "../conformance/thing-classes.ts";
import { Instrument } from "./instrument.ts";

/** What these tests look at of a Thing Description. */
export interface Description {
  readonly id: string;
  readonly title: string;
  readonly base: string;
  readonly links: readonly { readonly rel: string; readonly href: string }[];
}

/** The Thing Descriptions of a server that has one of each class of thingscope/things, and the instrument. */
export async function descriptionsOfAll(t: TestContext): Promise<Description[]> {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  for (const [name, thingClass] of thingClasses) host.add(name, thingOf(name, thingClass));
  host.add("instrument", new Instrument());
  const server = new ThingServer(host);
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  const byName: unknown = await (await fetch(`${url}/thing_descriptions/`)).json();
  const all: Description[] = Object.values(Object(byName));
  if (all.length <= thingClasses.length) throw new Error(`There are only ${all.length} Things.`);
  return all;
}
