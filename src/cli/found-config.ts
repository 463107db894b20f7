import { resolve } from "node:path";
import type { Log } from "../base/log.ts";
import { type CameraIdentities, localIdentities } from "../discovery/camera-identities.ts";
import type { CameraWatch } from "../discovery/camera-watch.ts";
import { watchCameras } from "../discovery/local-cameras.ts";
import { type Config, configFrom, MICROSCOPE } from "./config.ts";
import { FoundThings, LIST } from "./found-things.ts";

/** What is served without a configuration, and what is said of it. */
export interface FoundConfig {
  readonly config: Config;
  /** Adds cameras that come later; undefined where only the microscope is wanted. */
  readonly found: FoundThings | undefined;
  /** What a person should know of a Thing, by its name. */
  readonly notes: ReadonlyMap<string, string>;
  /** What a person should know of all of them. */
  readonly remark?: string;
}

interface FoundConfigOptions {
  /** `./settings` when absent. */
  readonly settings?: string | undefined;
  /** Whether the simulated microscope is served, whatever is plugged in. */
  readonly simulated: boolean;
  readonly log: Log;
  readonly watch?: CameraWatch;
  readonly identities?: CameraIdentities;
}

/** The cameras of this machine; where there has never been one, the simulated microscope. */
export async function foundConfig({
  settings = "settings",
  simulated,
  log,
  watch = watchCameras({ log }),
  identities = localIdentities,
}: FoundConfigOptions): Promise<FoundConfig> {
  const settingsFolder = resolve(settings);
  const configOf = (things: object) => ({
    ...configFrom({ things }, process.cwd()),
    settingsFolder,
  });
  if (simulated) return { config: configOf(MICROSCOPE), found: undefined, notes: new Map() };
  const taken = Object.keys(MICROSCOPE);
  const found = new FoundThings({ settingsFolder, watch, taken, log, identities });
  const cameras = await found.look();
  const isNone = Object.keys(cameras).length === 0;
  const things = { ...(isNone ? MICROSCOPE : cameras), [LIST]: found.list };
  const notes = found.cameras.map(({ thing, title, address, id, connected, problem }) => {
    const where = connected ? `at ${address}` : "is not plugged in";
    return [thing ?? "", `${title} (${id}) ${problem ?? where}`] as const;
  });
  return {
    config: configOf(things),
    found,
    notes: new Map(notes),
    ...(isNone && { remark: NONE }),
  };
}

const NONE =
  "No camera was found, so the simulated microscope is served: each of its pictures is marked SIMULATED. A camera that you plug in now is served, too. thingscope cameras says what was looked for.";
