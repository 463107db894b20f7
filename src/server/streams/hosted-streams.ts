import type { ThingHost } from "../../core/thing-host.ts";
import type { Stateful } from "../../core/thing-state.ts";
import { MJPEGStream } from "../../outputs/mjpeg-stream.ts";

export interface HostedStream {
  readonly thing: string;
  /** The affordance. */
  readonly name: string;
  readonly stream: MJPEGStream;
  readonly life: Stateful;
}

/** Every stream of every Thing. */
export function hostedStreams(host: ThingHost): HostedStream[] {
  return [...host.things.values()].flatMap((hosted) =>
    [...hosted.model.streams.keys()].flatMap((name) => {
      const stream = hosted.streamOf(name);
      return stream instanceof MJPEGStream
        ? [{ thing: hosted.name, name, stream, life: hosted }]
        : [];
    }),
  );
}
