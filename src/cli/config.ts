import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { MoonrakerOptions } from "../adapters/moonraker/options.ts";
import type { MqttOptions } from "../adapters/mqtt/options.ts";
import type { FleetOptions } from "../adapters/nats/options.ts";
import { reasonOf, ThingError } from "../base/errors.ts";
import type { LogLevel } from "../base/log.ts";
import { isRecord } from "../base/values.ts";
import type { InvocationLimits } from "../core/invocations.ts";
import { configProblems, problemsError } from "./config-faults.ts";
import { ConfigFile, type ThingEntry } from "./config-schema.ts";
import { type ConfigPath, parseConfigText } from "./config-text.ts";
import { addressKind } from "./launch-camera.ts";

/** A checked configuration, whose classes are not loaded yet. */
export interface Config {
  /** Modules and relative folders are looked for from here. */
  readonly folder: string;
  readonly things: ReadonlyMap<string, ThingEntry>;
  readonly settingsFolder: string;
  readonly apiPrefix: string;
  readonly enableGlobalLock: boolean;
  readonly globalLockLogLevel: LogLevel;
  readonly invocations: InvocationLimits;
  readonly applicationConfig: Record<string, unknown>;
  readonly allowedOrigins: readonly string[];
  readonly allowedHosts: readonly string[];
  /** Trusted proxies; loopback if undefined. */
  readonly trustedProxies: readonly string[] | undefined;
  /** Hosts that may be called when something happens; no webhooks when undefined. */
  readonly webhooks: { readonly allowedHosts: readonly string[] } | undefined;
  readonly mdns: boolean | string;
  /** The fleet that the server belongs to; none when undefined. */
  readonly fleet: FleetOptions | undefined;
  /** The house's MQTT; none when undefined. */
  readonly mqtt: MqttOptions | undefined;
  /** A 3D printer's Moonraker; none when undefined. */
  readonly moonraker: MoonrakerOptions | undefined;
  /** An event loop that is blocked for this long ends the process; never when undefined. */
  readonly endWhenBlockedMs: number | undefined;
  readonly login: boolean;
  readonly tls: "auto" | { readonly cert: string; readonly key: string } | undefined;
  /** What it was made from, in full words. */
  readonly file: ConfigFile;
  /** `FILE:LINE` of a part of it, for messages. */
  where(path: ConfigPath): string;
}

/** LabThings' words for the levels of a log. */
const LOG_LEVELS = { DEBUG: "debug", INFO: "info", WARNING: "warn", ERROR: "error" } as const;

/** What records a camera that is served without a configuration. While nobody watches it, it does not run, and nothing is held. */
export const RECORDER = {
  class: "thingscope/things:Recorder",
  kwargs: { folder: "recordings", pre_roll_while: "watched", quota_mb: 10_000 },
};

/** The Things of a simulated microscope. */
export const MICROSCOPE = {
  // Simulated pictures are not private, and embedding them lets a first <img> work.
  camera: {
    class: "thingscope/things:SimulatedCamera",
    embed: true,
    thing_slots: { stage: "stage" },
  },
  stage: "thingscope/things:SimulatedStage",
  // By name: another camera may come.
  autofocus: {
    class: "thingscope/things:Autofocus",
    thing_slots: { camera: "camera", stage: "stage" },
  },
  recorder: { ...RECORDER, thing_slots: { camera: "camera" } },
  camera_stage_mapping: {
    class: "thingscope/things:CameraStageMapping",
    thing_slots: { camera: "camera", stage: "stage" },
  },
  scan: {
    class: "thingscope/things:Scan",
    thing_slots: { camera: "camera", stage: "stage" },
  },
};

/** @throws {ThingError} `BAD_CONFIG` with the line of each problem. */
export async function loadConfig(file: string): Promise<Config> {
  const text = await readFile(file, "utf8").catch((error) => {
    if (addressKind([file])) throw new ThingError("BAD_CONFIG", addressInstead(file));
    throw new ThingError("BAD_CONFIG", `${unreadable(file, error)} Give another path.`);
  });
  const { value, where } = parseConfigText(text, file);
  return configFrom(value, dirname(resolve(file)), where);
}

/**
 * The configuration that a plain value describes.
 * @param folder - Modules and relative folders are looked for from here.
 * @throws {ThingError} `BAD_CONFIG` with all problems.
 */
export function configFrom(
  value: unknown,
  folder: string,
  where: (path: ConfigPath) => string = () => "configuration",
): Config {
  const file = withFullEntries(value);
  const problems = configProblems(ConfigFile, file);
  if (!isConfigFile(file) || problems.length > 0) throw problemsError(problems, where);
  return {
    folder,
    things: new Map(Object.entries(file.things)),
    settingsFolder: resolve(folder, file.settings_folder ?? "settings"),
    apiPrefix: file.api_prefix ?? "",
    enableGlobalLock: file.enable_global_lock ?? false,
    globalLockLogLevel: LOG_LEVELS[file.global_lock_log_level ?? "INFO"],
    invocations: {
      maxRunning: file.invocations?.max_running,
      maxRunningPerThing: file.invocations?.max_running_per_thing,
      maxFinishedBytes: file.invocations?.max_kept_mb && file.invocations.max_kept_mb * 1e6,
    },
    applicationConfig: file.application_config ?? {},
    allowedOrigins: file.allowed_origins ?? [],
    allowedHosts: file.allowed_hosts ?? [],
    trustedProxies: file.trusted_proxies,
    webhooks: file.webhooks && { allowedHosts: file.webhooks.allowed_hosts },
    mdns: file.mdns ?? false,
    fleet: file.fleet,
    mqtt: file.mqtt,
    moonraker: file.moonraker,
    endWhenBlockedMs:
      file.end_when_blocked_s === undefined ? undefined : file.end_when_blocked_s * 1000,
    login: file.login ?? false,
    tls: tlsFrom(file.tls, folder),
    file,
    where,
  };
}

/** The keys other than `things` whose effective values differ: `mdns: false` equals an absent key. */
export function changedKeys(before: Config, after: Config): string[] {
  const keys = Object.keys(ConfigFile.properties) as (keyof ConfigFile)[];
  const meaning = ({ file, folder }: Config, key: keyof ConfigFile) => {
    const value = { things: { any: "any:Thing" }, ...(key in file && { [key]: file[key] }) };
    return JSON.stringify({ ...configFrom(value, folder), file: undefined });
  };
  return keys.filter((key) => key !== "things" && meaning(before, key) !== meaning(after, key));
}

/**
 * `"module:Class"` is short for `{class: "module:Class"}`, `cls` is LabThings' other word for `class`, and a key without
 * a value is as good as none.
 */
function withFullEntries(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const file = withoutNulls(value);
  if (!isRecord(file.things)) return file;
  const things = Object.entries(file.things).map(([name, entry]) => [name, fullEntry(entry)]);
  return { ...file, things: Object.fromEntries(things) };
}

function fullEntry(entry: unknown): unknown {
  if (typeof entry === "string") return { class: entry };
  if (!isRecord(entry)) return entry;
  const { cls, ...rest } = withoutNulls(entry);
  return cls === undefined || "class" in rest ? withoutNulls(entry) : { class: cls, ...rest };
}

function withoutNulls(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

function tlsFrom(tls: ConfigFile["tls"], folder: string): Config["tls"] {
  if (tls === undefined || tls === "auto") return tls;
  return { cert: resolve(folder, tls.cert), key: resolve(folder, tls.key) };
}

function isConfigFile(value: unknown): value is ConfigFile {
  return isRecord(value) && isRecord(value.things);
}

function addressInstead(address: string): string {
  return `'${address}' is the address of a camera, not a configuration. To serve it: thingscope launch ${address}`;
}

function unreadable(file: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return `There is no configuration file '${file}'.`;
  if (code === "EISDIR") return `'${file}' is a folder, not a configuration file.`;
  if (code === "EACCES") return `This user may not read the configuration file '${file}'.`;
  return `The configuration file '${file}' cannot be read: ${reasonOf(error)}.`;
}
