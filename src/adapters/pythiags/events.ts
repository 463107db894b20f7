/** The frame in which events were found. */
export interface FoundIn {
  /** Name of the camera or stream. */
  readonly camera: string;
  readonly run: string;
  readonly index: number;
  /** Capture time of the frame, epoch ms. */
  readonly capturedAt: number;
}

/** The events that a producer found in one frame: never empty. */
export interface Found<E = unknown> extends FoundIn {
  readonly events: readonly E[];
}

/** Metadata of a frame. */
export interface FrameMetadata {
  /** Name of the camera or stream. */
  readonly camera: string;
  /** Stream time, s: 0 at the first frame of its run, as in GStreamer. */
  readonly seconds: number;
  /** The current `thingState()` of the other Things, by name. Empty outside a host. */
  thingStates(): Record<string, unknown>;
}
