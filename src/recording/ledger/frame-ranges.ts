/** Consecutive frames of one run. */
interface FrameRange {
  readonly run: string;
  /** First index. */
  readonly from: number;
  /** Last index. */
  readonly to: number;
}

/** Frames in order, as ranges. */
export function rangesOf(frames: Iterable<{ run: string; index: number }>): FrameRange[] {
  const ranges: FrameRange[] = [];
  for (const { run, index } of frames) {
    const last = ranges.at(-1);
    if (last?.run === run && last.to + 1 === index) ranges.splice(-1, 1, { ...last, to: index });
    else ranges.push({ run, from: index, to: index });
  }
  return ranges;
}

/** `k3x9q2 frames 12 to 19`. */
export function rangeText({ run, from, to }: FrameRange): string {
  return from === to ? `${run} frame ${from}` : `${run} frames ${from} to ${to}`;
}
