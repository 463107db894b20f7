import { delay } from "../base/abort.ts";
import { messageOf } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { DeviceWatch } from "./device-watch.ts";
import type { FoundCamera } from "./found-camera.ts";
import { SYSTEM_ROOTS, type SystemRoots } from "./roots.ts";

/** A camera of this machine. */
export interface LocalCamera extends FoundCamera {
  /** Another one each time that it is plugged in. */
  readonly instance: string;
}

/** What has changed since the change before. */
export interface CameraChange {
  /** New, back, or usable where they were not, or the other way round. */
  readonly found: readonly LocalCamera[];
  /** Unplugged; one that was back at once is in `found`, too. */
  readonly lost: readonly LocalCamera[];
}

/** What a watch looks at. */
export interface CameraWatchOptions {
  /** Everything that is there now. */
  readonly list: () => Promise<readonly LocalCamera[]>;
  readonly roots?: SystemRoots;
  readonly log?: Log;
}

/** How long it is not told that a camera cannot be opened, ms: udev sets the group of its device file when it is there already. */
const PERMISSION_MS = 2000;
/** How often it is tried meanwhile, ms. */
const RETRY_MS = 100;
/** How often one that still cannot be opened is tried later, ms. */
const RETRY_LATER_MS = 3000;

/** The cameras of this machine, and who comes and goes, from `start` to `stop`. */
export class CameraWatch {
  readonly #list: CameraWatchOptions["list"];
  readonly #log: Log;
  readonly #devices: DeviceWatch;
  readonly #listeners = new Set<(change: CameraChange) => void>();
  #cameras: ReadonlyMap<string, LocalCamera> = new Map();
  #turn: Promise<void> = Promise.resolve();
  #isWaiting = false;
  #running: AbortController | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor({ list, roots = SYSTEM_ROOTS, log = silentLog }: CameraWatchOptions) {
    this.#list = list;
    this.#log = log;
    this.#devices = new DeviceWatch(roots, log, () => void this.scan());
  }

  /** Those that are there, by address. */
  get cameras(): LocalCamera[] {
    return [...this.#cameras.values()];
  }

  /** Calls `listener` with each change. @returns What ends that. */
  onChange(listener: (change: CameraChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Looks once, and from then on at each change, until `stop`. What is there at first is a change, too. */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = new AbortController();
    await this.#devices.start();
    await this.scan({ isPatient: false });
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#devices.stop();
    clearTimeout(this.#retry);
  }

  /** Looks now, or once more after the look that is under way. Never rejects: a failure is logged, and what was known stays. */
  scan({ isPatient = true } = {}): Promise<void> {
    if (this.#isWaiting) return this.#turn;
    this.#isWaiting = true;
    this.#turn = this.#turn.then(async () => {
      this.#isWaiting = false;
      try {
        this.#compare(isPatient ? await this.#listPatiently() : await this.#list());
      } catch (error) {
        this.#log.warn(`The cameras of this computer cannot be listed: ${messageOf(error)}`);
      }
    });
    return this.#turn;
  }

  /** Waits a little where a trouble is new: a camera that is coming gets its rights, and one that is going loses its file first. */
  async #listPatiently(): Promise<readonly LocalCamera[]> {
    const until = performance.now() + PERMISSION_MS;
    const isOld = ({ instance, problem }: LocalCamera) =>
      this.cameras.some((one) => one.instance === instance && one.problem === problem);
    for (;;) {
      const cameras = await this.#list();
      const isReady = cameras.every((camera) => !camera.problem || isOld(camera));
      const signal = this.#running?.signal;
      if (isReady || !signal || performance.now() >= until) return cameras;
      await delay(RETRY_MS, signal).catch(() => {});
    }
  }

  #compare(cameras: readonly LocalCamera[]): void {
    const before = this.#cameras;
    const now = new Map(cameras.map((camera) => [camera.id, camera]));
    this.#cameras = now;
    const found = cameras.filter(({ id, instance, problem }) => {
      const known = before.get(id);
      return known?.instance !== instance || known.problem !== problem;
    });
    const lost = [...before.values()].filter(
      ({ id, instance }) => now.get(id)?.instance !== instance,
    );
    if (found.length + lost.length > 0) this.#tell({ found, lost });
    clearTimeout(this.#retry);
    if (!this.#running || !cameras.some(({ problem }) => problem)) return;
    this.#retry = setTimeout(() => void this.scan(), RETRY_LATER_MS);
  }

  #tell(change: CameraChange): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (error) {
        this.#log.error(`A change of the cameras was not taken in: ${messageOf(error)}`);
      }
    }
  }
}
