/** Pixels in memory: row-major, 8 bits a channel, channels side by side, no padding between rows. */
export interface RawImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 RGB, 4 RGB and a byte that is ignored. */
  readonly channels: 1 | 3 | 4;
}
