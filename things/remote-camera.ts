import { type Frame, property } from "thingscope";
import { Type } from "typebox";
import { HttpCamera, type HttpCameraOptions } from "./http-camera.ts";

/** Options of a RemoteCamera. */
export interface RemoteCameraOptions extends HttpCameraOptions {}

/** A camera of another Thingscope server, re-served here: its frames keep their identity, and missing ones are counted. */
export class RemoteCamera extends HttpCamera {
  static override readonly title: string = "Remote camera";
  static override readonly description: string =
    "The MJPEG stream of another server. Frames of a Thingscope server keep their identity as origin.";
  #endCounting: () => void = () => {};
  #missed = 0;
  #last: { run: string; origin: Frame["origin"] | undefined } | undefined;

  @property(
    "Frames that the other server captured while this one was connected, but that did not arrive",
    Type.Integer({ minimum: 0 }),
    { readOnly: true },
  )
  get frames_missed(): number {
    return this.#missed;
  }

  override open(): void {
    super.open();
    this.#endCounting = this.mjpeg_stream.onFrame((frame) => this.#count(frame));
  }

  override async close(): Promise<void> {
    this.#endCounting();
    await super.close();
  }

  #count({ run, origin }: Frame): void {
    const last = this.#last;
    this.#last = { run, origin };
    if (!origin || run !== last?.run || origin.run !== last.origin?.run) return;
    this.#missed += Math.max(0, origin.index - last.origin.index - 1);
  }
}
