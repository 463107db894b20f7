import type { Frame } from "thingscope";
import { decodeLuma } from "thingscope/frames";
import { type FoundIn, Probe } from "thingscope/pythiags";

/** Reports the brightness of each fifth frame. Decoding is slow, so it is done in the background. */
export class Brightness extends Probe {
  protected override produce(frame: Frame): Frame[] {
    return frame.index % 5 === 0 ? [frame] : [];
  }

  protected override async consume(frames: readonly Frame[], of: FoundIn): Promise<void> {
    for (const { jpeg } of frames) {
      const { data } = await decodeLuma(jpeg);
      const mean = data.reduce((sum, luma) => sum + luma, 0) / data.length;
      this.tell([{ brightness: Math.round(mean) }], of);
    }
  }
}
