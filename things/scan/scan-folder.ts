import { mkdir, readdir, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FileCollection, type Log, messageOf, type StoredFile, ThingError } from "thingscope";
import { resizeJpeg } from "thingscope/frames";
import type { Manifest, Summary, Tile, TileFile } from "./schemas.ts";

/** Where scans go, and how much of the disk they may take. */
export interface ScanFolderOptions {
  readonly folder: string;
  readonly reserveBytes: number;
  readonly quotaBytes: number;
}

/** Older scans stay on the disk, and are not listed. */
const MOST_SCANS = 200;
const PREVIEW_WIDTH = 160;
const PREVIEW = "-preview";

/** The scans on a disk: each a folder of tiles, with a manifest that is whole at any time. */
export class ScanFolder {
  readonly files: FileCollection;
  readonly #options: ScanFolderOptions;
  readonly #scans = new Map<string, Manifest>();

  constructor(options: ScanFolderOptions, onChange: () => void) {
    this.#options = options;
    this.files = new FileCollection(onChange);
  }

  /** Lists what there is. A scan that was cut off by the end of a server is told to be interrupted. */
  async open(log: Log): Promise<void> {
    const entries = await readdir(this.#options.folder, { withFileTypes: true }).catch(() => []);
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    for (const name of names.sort().slice(-MOST_SCANS)) {
      const text = await readFile(this.#manifestOf(name), "utf8").catch(() => undefined);
      if (text === undefined) continue; // a folder of somebody else's
      try {
        const manifest: Manifest = JSON.parse(text);
        if (manifest.scan !== 1 || manifest.name !== name || !Array.isArray(manifest.tiles))
          throw new TypeError("It is not the manifest of this scan.");
        const why = "The server ended before the scan did.";
        const isCut = manifest.state === "scanning" && !this.#scans.has(name);
        this.#list(isCut ? { ...manifest, state: "interrupted", why } : manifest);
      } catch (error) {
        log.warn(`${this.#manifestOf(name)} could not be listed: ${messageOf(error)}`);
      }
    }
  }

  /** Newest first. */
  get summaries(): Summary[] {
    this.#forgetRemoved();
    return [...this.#scans.values()].map((manifest) => this.#summaryOf(manifest)).reverse();
  }

  summary(name: string): Summary | undefined {
    this.#forgetRemoved();
    const manifest = this.#scans.get(name);
    return manifest && this.#summaryOf(manifest);
  }

  /** Of one scan, in the order in which they were taken. */
  tiles(name: string): TileFile[] {
    return (this.#scans.get(name)?.tiles ?? []).map((tile) => this.tileFile(name, tile));
  }

  tileFile(scan: string, tile: Tile): TileFile {
    const href = `${this.#fileOf(scan)?.href}/${tile.name}`;
    return { ...tile, scan, href, preview: href + PREVIEW };
  }

  /** Begins a scan. @throws {ThingError} `NOT_SAVED` when the folder cannot be written to. */
  async begin(manifest: Manifest): Promise<void> {
    await saving(this.#options.folder, async () => {
      await mkdir(join(this.#options.folder, manifest.name), { recursive: true });
    });
    await this.save(manifest);
    const oldest = [...this.#scans.keys()].at(0);
    if (this.#scans.size > MOST_SCANS && oldest !== undefined) {
      this.#scans.delete(oldest);
      this.files.forget(this.#manifestOf(oldest));
    }
  }

  /** Writes a tile, then the manifest that has it. @throws {ThingError} `NO_ROOM`; `NOT_SAVED`. */
  async add(manifest: Manifest, tile: Tile, jpeg: Uint8Array): Promise<Manifest> {
    await this.#assertRoom(jpeg.length);
    const path = join(this.#options.folder, manifest.name, tile.name);
    await saving(path, async () => {
      try {
        await writeFile(path, jpeg, { flush: true });
      } catch (error) {
        await rm(path, { force: true }).catch(() => {});
        throw error;
      }
    });
    const grown = { ...manifest, tiles: [...manifest.tiles, tile] };
    await this.save(grown);
    return grown;
  }

  /** Writes a manifest in the place of the one before. */
  async save(manifest: Manifest): Promise<void> {
    const path = this.#manifestOf(manifest.name);
    this.#list(manifest);
    await saving(path, async () => {
      await writeFile(`${path}.new`, `${JSON.stringify(manifest, null, 1)}\n`, { flush: true });
      await rename(`${path}.new`, path);
    });
  }

  #list(manifest: Manifest): void {
    const { name, state, started, tiles } = manifest;
    const folder = join(this.#options.folder, name);
    this.#scans.set(name, manifest);
    this.files.put({
      path: this.#manifestOf(name),
      mediaType: "application/json",
      size: Buffer.byteLength(JSON.stringify(manifest, null, 1)) + 1,
      createdAt: Date.parse(started),
      isGrowing: state === "scanning",
      about: { state, tiles: tiles.length },
      get parts() {
        return Object.fromEntries(tiles.flatMap((tile) => partsOf(folder, tile.name)));
      },
      remove: () => rm(folder, { recursive: true, force: true }),
    });
  }

  #summaryOf({ tiles, scan, pixel_size_um, ...words }: Manifest): Summary {
    const { id = "", href = "" } = this.#fileOf(words.name) ?? {};
    const size = tiles.reduce((sum, tile) => sum + tile.size, 0);
    return { ...words, id, href, taken: tiles.length, size };
  }

  #fileOf(name: string): StoredFile | undefined {
    return this.files.at(this.#manifestOf(name));
  }

  #forgetRemoved(): void {
    for (const name of this.#scans.keys()) if (!this.#fileOf(name)) this.#scans.delete(name);
  }

  #manifestOf(name: string): string {
    return join(this.#options.folder, name, `${name}.json`);
  }

  async #assertRoom(bytes: number): Promise<void> {
    const { folder, reserveBytes, quotaBytes } = this.#options;
    const used = this.summaries.reduce((sum, { size }) => sum + size, 0);
    if (used + bytes > quotaBytes)
      throw noRoom(folder, `its scans have used up their quota of ${megabytes(quotaBytes)}`);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    if (free - bytes < reserveBytes)
      throw noRoom(
        folder,
        `its disk has ${megabytes(free)} free, and ${megabytes(reserveBytes)} stay free`,
      );
  }
}

function partsOf(folder: string, name: string) {
  const path = join(folder, name);
  const mediaType = "image/jpeg";
  const preview = async () => resizeJpeg(await readFile(path), { width: PREVIEW_WIDTH });
  return [
    [name, { mediaType, content: path }],
    [name + PREVIEW, { mediaType, content: preview }],
  ] as const;
}

async function saving(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code } = Object(error);
    if (code === "ENOSPC" || code === "EDQUOT") throw noRoom(path, "the disk is full");
    throw new ThingError(
      "NOT_SAVED",
      `${path} could not be written: ${messageOf(error)}. Make its folder writable, or choose another with the option folder.`,
      { cause: error },
    );
  }
}

function noRoom(where: string, lack: string): ThingError {
  return new ThingError(
    "NO_ROOM",
    `${where} takes no more tiles: ${lack}. Delete or move scans, or use another disk; then scan again.`,
  );
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
