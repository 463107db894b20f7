import {
  action,
  Camera,
  delay,
  event,
  files,
  type Invocation,
  messageOf,
  now,
  property,
  Stage,
  slot,
  Thing,
  ThingError,
  ThingEvent,
  wallTime,
} from "thingscope";
import { Type } from "typebox";
import { Autofocus } from "./autofocus.ts";
import { CameraStageMapping } from "./camera-stage-mapping.ts";
import { frameAfter, orBack } from "./microscopy.ts";
import { stillOf } from "./recorder/still.ts";
import { gridOf, placesOf } from "./scan/grid.ts";
import { ScanFolder } from "./scan/scan-folder.ts";
import { Grid, type Manifest, Summary, type Tile, TileFile, Wanted } from "./scan/schemas.ts";

/** Options of a Scan. */
export interface ScanOptions {
  /** Folder of the scans. Default `scans`. */
  readonly folder?: string;
  /** What stays free on the disk. Default 500 MB. */
  readonly reserve_mb?: number;
  /** The maximum total size of the scans in the folder. */
  readonly quota_mb?: number;
}

const MB = 1e6;
const SEEN = { readOnly: true, observable: true } as const;

/** Takes pictures of a grid of places, each focused, as files with a manifest. */
export class Scan extends Thing {
  static override readonly title = "Scan";
  static override readonly types: readonly string[] = ["Scan"];
  static override readonly description =
    "Scans a sample: goes from place to place, focuses, and takes a picture of each.";
  readonly #folder: ScanFolder;
  #current: string | undefined;
  #isScanning = false;
  #told = "";

  @slot("The camera", Camera)
  accessor camera!: Camera;

  @slot("The stage", Stage)
  accessor stage!: Stage;

  @slot("What focuses", Autofocus, { optional: true })
  accessor autofocus: Autofocus | undefined;

  @slot("What knows how far the picture reaches", CameraStageMapping, { optional: true })
  accessor mapping: CameraStageMapping | undefined;

  @event("A tile is on the disk", TileFile)
  readonly tile_taken = new ThingEvent<TileFile>();

  @files("Scans: a manifest each, with its tiles", { name: "scans" })
  readonly files;

  constructor({ folder = "scans", reserve_mb = 500, quota_mb }: ScanOptions = {}) {
    super();
    const quotaBytes = (quota_mb ?? Number.POSITIVE_INFINITY) * MB;
    this.#folder = new ScanFolder({ folder, reserveBytes: reserve_mb * MB, quotaBytes }, () => {
      this.#tell();
    });
    this.files = this.#folder.files;
  }

  @property("Name of the Thing that is the camera", Type.String(), { readOnly: true })
  get camera_name(): string {
    return this.camera.name;
  }

  @property("Name of the Thing that is the stage", Type.String(), { readOnly: true })
  get stage_name(): string {
    return this.stage.name;
  }

  @property("The scan that runs, or the last one", Type.Union([Summary, Type.Null()]), SEEN)
  get current(): Summary | null {
    const { summaries } = this.#folder;
    return this.#folder.summary(this.#current ?? "") ?? summaries[0] ?? null;
  }

  @property("The tiles of that scan; each new one is told as tile_taken", Type.Array(TileFile), {
    readOnly: true,
  })
  get tiles(): TileFile[] {
    return this.#folder.tiles(this.current?.name ?? "");
  }

  @property("The scans in the folder, newest first", Type.Array(Summary), SEEN)
  get scans(): Summary[] {
    return this.#folder.summaries;
  }

  override async open(): Promise<void> {
    this.files.path = `/${this.name}/scans`;
    await this.#folder.open(this.log);
  }

  @action("The places that a scan would go to, without moving", {
    ...{ input: Wanted, output: Grid, safe: true, useGlobalLock: false },
  })
  async plan(wanted: Wanted): Promise<Grid> {
    return this.#gridOf(wanted);
  }

  @action("Scan the places around here, then come back. When cancelled, the tiles are kept", {
    input: Wanted,
    output: Summary,
  })
  async scan(wanted: Wanted, run: Invocation): Promise<Summary> {
    if (this.#isScanning) throw busy(this.name);
    const { autofocus, camera, stage } = this;
    const { focus = autofocus ? "each" : "none" } = wanted;
    if (focus !== "none" && !autofocus) throw noAutofocus(this.name);
    const grid = this.#gridOf(wanted);
    this.#isScanning = true;
    const release = camera.mjpeg_stream.demand.take();
    try {
      const scanning = () => this.#scan(grid, { ...wanted, focus }, run);
      return await orBack(stage, run, ["x", "y", "z"], scanning, { always: true });
    } finally {
      release();
      this.#isScanning = false;
    }
  }

  async #scan(grid: Grid, wanted: Wanted, run: Invocation): Promise<Summary> {
    const { camera, stage } = this;
    const before = stage.position;
    const started = new Date(wallTime()).toISOString();
    let manifest: Manifest = {
      ...{ scan: 1, camera: camera.name, stage: stage.name, started, ...grid, tiles: [] },
      name: `${camera.name}_${started.replace(/[-:.]/g, "")}`,
      pixel_size_um: this.mapping?.pixel_size_um ?? null,
      ...{ state: "scanning", tile_width: 0, tile_height: 0 },
    };
    const end = (words: Pick<Manifest, "state" | "why">) =>
      this.#folder.save({ ...manifest, ...words });
    await this.#folder.begin(manifest);
    this.#current = manifest.name;
    this.#tell();
    try {
      const total = grid.columns * grid.rows;
      for (const place of placesOf(grid)) {
        const n = manifest.tiles.length;
        run.progress(n / total, `Tile ${n + 1} of ${total}`);
        manifest = await this.#takeTile(manifest, place, wanted, run);
        this.tile_taken.emit(this.#folder.tileFile(manifest.name, manifest.tiles.at(-1)!));
        this.#tell();
      }
      await stage.move_absolute({ ...before, backlash_compensation: 2 }, run);
      await end({ state: "done" });
    } catch (error) {
      const words = run.signal.aborted
        ? { state: "cancelled" as const }
        : { state: "failed" as const, why: messageOf(error) };
      await end(words).catch((other) => run.log.warn(messageOf(other)));
      throw error;
    } finally {
      this.#tell();
    }
    return this.#folder.summary(manifest.name)!;
  }

  async #takeTile(
    manifest: Manifest,
    { row, column, x, y }: { row: number; column: number; x: number; y: number },
    { focus, focus_range = 1000, settle }: Wanted,
    run: Invocation,
  ): Promise<Manifest> {
    const { camera, stage } = this;
    await stage.move_absolute({ x, y, backlash_compensation: 2 }, run);
    const isFocused = focus === "each" || (focus === "first" && manifest.tiles.length === 0);
    const problem = isFocused ? await this.#focus(focus_range, run) : undefined;
    await delay((settle ?? camera.settling_time) * 1000, run.signal);
    await frameAfter(camera, now(), run); // the one that comes next was captured here
    const still = await camera.takeStill(run.signal);
    const jpeg = stillOf(still, { camera, thingStates: this.context.thingStates() });
    const tile: Tile = {
      ...{ name: `r${digits(row)}c${digits(column)}.jpg`, row, column },
      ...stage.position,
      captured: new Date(wallTime(still.capturedAt)).toISOString(),
      size: jpeg.length,
      ...(problem !== undefined && { focus_problem: problem }),
    };
    const { width: tile_width, height: tile_height } = still;
    return this.#folder.add({ ...manifest, tile_width, tile_height }, tile, jpeg);
  }

  /** Where there is no focus, such as beside the sample, the height of the tile before is kept. @returns why. */
  async #focus(dz: number, run: Invocation): Promise<string | undefined> {
    const { z } = this.stage.position;
    try {
      await this.autofocus?.fast_autofocus({ dz }, run);
      return undefined;
    } catch (error) {
      if (!(error instanceof ThingError) || error.code !== "NO_FOCUS") throw error;
      run.log.warn(`Not focused: ${error.message}`);
      await this.stage.move_absolute({ z, backlash_compensation: 1 }, run);
      return error.message;
    }
  }

  #gridOf(wanted: Wanted): Grid {
    const { mapping, stage } = this;
    const [height = 0, width = 0] = mapping?.image_resolution ?? [];
    const across = mapping?.calibration_required === false && {
      right: mapping.stepsFor({ x: width }),
      down: mapping.stepsFor({ y: height }),
    };
    const { position, step_size_um: stepSize } = stage;
    return gridOf(wanted, { position, across: across || undefined, stepSize });
  }

  /** The list is told when a scan begins, ends or is deleted, not at each tile. */
  #tell(): void {
    this.changed("current");
    const told = this.scans.map(({ name, state }) => `${name} ${state}`).join();
    if (told === this.#told) return;
    this.#told = told;
    this.changed("scans");
  }
}

function digits(n: number): string {
  return String(n).padStart(3, "0");
}

function busy(name: string): ThingError {
  return new ThingError(
    "LOCK_BUSY",
    `'${name}' is scanning already. Wait until the scan ends, or cancel it.`,
  );
}

function noAutofocus(name: string): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    `'${name}' has no autofocus. Add a Thing of the class Autofocus to the configuration, or scan with focus: none.`,
  );
}
