import type { LiveThing } from "../things/live-thing.ts";
import { server } from "../things/server.ts";
import { affordancesOf } from "../things/td.ts";

/** Kinds of Things that have a camera, and the property that names it. */
const NAMING = { Autofocus: "camera_name", Recorder: "recorded_camera" } as const;
export type Kind = keyof typeof NAMING;

/** The Thing of a kind that names a camera as its own. @throws {ClientError} when one cannot be asked. */
export async function ofCamera(camera: string, kind: Kind): Promise<LiveThing | undefined> {
  for (const thing of thingsOf(kind)) {
    if (hasName(thing, kind) && (await thing.client?.read(NAMING[kind])) === camera) return thing;
  }
  return undefined;
}

/** One that does not say which camera it has: that of somebody else's class. */
export function ofAnyCamera(kind: Kind): LiveThing | undefined {
  return thingsOf(kind).find((thing) => !hasName(thing, kind));
}

function thingsOf(kind: Kind): LiveThing[] {
  return [...server.things.values()].filter((thing) => thing.is(kind));
}

function hasName(thing: LiveThing, kind: Kind): boolean {
  return affordancesOf(thing.td).properties.has(NAMING[kind]);
}
