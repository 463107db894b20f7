import { join } from "node:path";
import type { Log } from "../base/log.ts";
import { isRecord } from "../base/values.ts";
import { checkThingName } from "../core/host-options.ts";
import { SettingsFile } from "../core/settings-file.ts";
import {
  type CameraIdentities,
  type KnownIdentity,
  MOST_IDENTITIES,
} from "../discovery/camera-identities.ts";
import type { FoundCamera } from "../discovery/found-camera.ts";

/** A camera that is served, or was, under a name of its own. */
export interface NamedCamera extends Omit<FoundCamera, "modes" | "problem"> {
  /** That of its Thing. */
  readonly name: string;
}

/** Cameras that keep their names while they are not plugged in. */
export const MOST_NAMES = 32;
const LONGEST_NAME = 40; // characters

/** The names of cameras, kept in the settings folder, so that each has the same one after a restart. */
export class CameraNames {
  readonly #file: SettingsFile;
  readonly #taken: Iterable<string>;
  readonly #identities: CameraIdentities;
  /** By id, the one seen least recently first. */
  readonly #named = new Map<string, NamedCamera>();
  /** What a newer version has written, and this one cannot use: it stays in the file. */
  #foreign = { others: {}, cameras: [] as unknown[], identities: [] as unknown[] };
  #saved = JSON.stringify({ cameras: [], identities: [] });

  /** @param taken - Names that no camera gets. */
  constructor(
    settingsFolder: string,
    { taken, identities, log }: { taken: Iterable<string>; identities: CameraIdentities; log: Log },
  ) {
    this.#file = new SettingsFile(join(settingsFolder, "cameras", "known-cameras.json"), log);
    this.#taken = taken;
    this.#identities = identities;
  }

  get all(): NamedCamera[] {
    return [...this.#named.values()];
  }

  /** Reads those of earlier runs, also of newer versions. Entries that cannot be used are left out, and kept. */
  async load(): Promise<void> {
    const { cameras, identities, ...others } = await this.#file.load();
    const [usable, foreign] = parted(identities, isIdentity, MOST_IDENTITIES);
    this.#identities.remember(usable);
    const [named, unusable] = parted(cameras, isNamed, MOST_NAMES);
    this.#foreign = { others, cameras: unusable, identities: foreign };
    for (const camera of named)
      if (isFreeName(camera.name, this.#unavailable)) this.#named.set(camera.id, camera);
  }

  /** Keeps them, if there is anything new. @throws {ThingError} `NOT_SAVED`. */
  async save(): Promise<void> {
    const values = { cameras: this.all, identities: this.#identities.known };
    const text = JSON.stringify(values);
    if (text === this.#saved) return;
    const { others, cameras, identities } = this.#foreign;
    await this.#file.save({
      ...others,
      cameras: [...cameras, ...values.cameras],
      identities: [...identities, ...values.identities],
    });
    this.#saved = text;
  }

  of(id: string): string | undefined {
    return this.#named.get(id)?.name;
  }

  /** The name of a camera: the one that it had, or else one made of its title. */
  give({ id, kind, title, address, config }: FoundCamera): NamedCamera {
    const name = this.of(id) ?? nameFor(title, this.#unavailable);
    const named = { ...this.#named.get(id), id, kind, title, address, config, name };
    this.#named.delete(id);
    this.#named.set(id, named);
    return named;
  }

  forget(id: string): void {
    this.#named.delete(id);
  }

  get #unavailable(): string[] {
    return [...this.#taken, ...this.all.map(({ name }) => name)];
  }
}

/** A name for a URL that is made of a title, and is not among those that are taken. */
export function nameFor(title: string, taken: readonly string[]): string {
  const words = title
    .normalize("NFKD")
    .replaceAll(/\p{M}+/gu, "")
    .toLowerCase();
  const plain = words.replaceAll(/[^a-z0-9]+/g, "-").slice(0, LONGEST_NAME);
  const name = plain.replaceAll(/^-+|-+$/g, "") || "camera";
  let unique = name;
  for (let number = 2; !isFreeName(unique, taken); number++) unique = `${name}-${number}`;
  return unique;
}

function isFreeName(name: string, taken: readonly string[]): boolean {
  try {
    checkThingName(name, new Map(taken.map((one) => [one, true])));
    return true;
  } catch {
    return false;
  }
}

/** The newest elements of a list that are of a kind, and those that are not. */
function parted<T>(
  list: unknown,
  isOne: (value: unknown) => value is T,
  most: number,
): [T[], unknown[]] {
  const newest: unknown[] = Array.isArray(list) ? list.slice(-most) : [];
  return [newest.filter(isOne), newest.filter((value) => !isOne(value))];
}

function isNamed(value: unknown): value is NamedCamera {
  if (!isRecord(value) || !isRecord(value.config)) return false;
  const { id, kind, title, address, name, config } = value;
  const texts = [id, kind, title, address, name, config.class];
  return texts.every((text) => typeof text === "string") && isRecord(config.kwargs);
}

function isIdentity(value: unknown): value is KnownIdentity {
  if (!isRecord(value)) return false;
  return [value.id, value.key, value.port].every((text) => typeof text === "string");
}
