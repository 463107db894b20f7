import type { CameraWatch } from "./camera-watch.ts";
import type { FoundCamera } from "./found-camera.ts";

/** A camera, whether it is plugged in, and which Thing it is. */
export interface ListedCamera extends FoundCamera {
  readonly connected: boolean;
  /** Null where no Thing serves it. */
  readonly thing: string | null;
}

/** What has changed of a register. */
export interface CameraNews {
  readonly found: readonly ListedCamera[];
  readonly lost: readonly ListedCamera[];
}

/** What a Thing that lists cameras learns of them from. */
export interface CameraRegister {
  readonly cameras: readonly ListedCamera[];
  /** Calls `listener` with each change. @returns What ends that. */
  onChange(listener: (news: CameraNews) => void): () => void;
  start(): Promise<void>;
  stop(): void;
  /** Looks again, and resolves when that is done. */
  scan(): Promise<void>;
  /** Removes the Thing of a camera that is not plugged in. @throws {ThingError} `BAD_ARGUMENT` for any other name. */
  forget?(thing: string): Promise<void>;
}

/** The cameras of a watch, none of which is served. */
export function registerOf(watch: CameraWatch): CameraRegister {
  const list = (cameras: readonly FoundCamera[], connected = true) =>
    cameras.map((camera) => ({ ...camera, connected, thing: null }));
  return {
    get cameras() {
      return list(watch.cameras);
    },
    onChange: (listener) =>
      watch.onChange(({ found, lost }) =>
        listener({ found: list(found), lost: list(lost, false) }),
      ),
    start: () => watch.start(),
    stop: () => watch.stop(),
    scan: () => watch.scan(),
  };
}
