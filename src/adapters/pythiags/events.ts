/** Which frame something was found in. */
export interface FoundIn {
  /** What the camera, or the stream, is called. */
  readonly camera: string;
  readonly run: string;
  readonly index: number;
  /** Of the frame, epoch ms. */
  readonly capturedAt: number;
}

/** What a producer found in one frame: never empty. */
export interface Found<E = unknown> extends FoundIn {
  readonly events: readonly E[];
}

/** What is known of a frame beside its picture. */
export interface FrameMetadata {
  /** What the camera, or the stream, is called. */
  readonly camera: string;
  /** Time of the stream, s: 0 at the first frame of its run, as GStreamer counts. */
  readonly seconds: number;
  /** What the other Things are doing: `thingState()` of each by name, as it is when this is called. Empty outside a host. */
  thingStates(): Record<string, unknown>;
}
