import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FileCollection, type Log, messageOf, ThingError } from "thingscope";
import type { Manifest } from "./schemas.ts";

const END = ".manifest.json";

/** The manifests in a folder, as files that clients can fetch. */
export class Manifests {
  readonly files: FileCollection;
  readonly #folder: string;

  /** @param onChange - Called soon after one is added or is gone. */
  constructor(folder: string, onChange: () => void) {
    this.#folder = folder;
    this.files = new FileCollection(onChange);
  }

  /** Lists what is in the folder. */
  async refresh(log: Log): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith(END));
    for (const name of names) {
      const path = join(this.#folder, name);
      await this.add(path).catch((error) => {
        log.warn(`${path} could not be listed: ${messageOf(error)}`);
      });
    }
  }

  /** Lists a manifest that is there. */
  async add(path: string): Promise<void> {
    const found = await lstat(path);
    if (!found.isFile()) throw new ThingError("BAD_RECORDING", "It is not a file.");
    const text = await readFile(path, "utf8");
    const { manifest, from, until, started, recordings }: Manifest = JSON.parse(text);
    if (manifest !== 1) throw new ThingError("BAD_RECORDING", "It is not a manifest of this kind.");
    const sum = (member: "written" | "dropped") =>
      recordings.reduce((all, recording) => all + (recording[member] ?? 0), 0);
    this.files.put({
      ...{ path, mediaType: "application/json", size: found.size, createdAt: from },
      about: {
        ...{ started, duration: Math.round(until - from) / 1000, recorders: recordings.length },
        ...{ frames: sum("written"), dropped: sum("dropped") },
      },
    });
  }
}
