import { Type } from "typebox";
import { ThingError } from "../../../base/errors.ts";
import { errorsIn } from "../../../core/schema.ts";
import type { Frame } from "../../../frames/frame.ts";
import type { MJPEGStream } from "../../../streams/mjpeg-stream.ts";

/** What a work queue is made of. */
export interface WorkQueueOptions {
  /** Whose frames they are. Default: the stream `mjpeg_stream` of the camera in its slot. */
  readonly stream?: MJPEGStream;
  /** Every so manieth frame is wanted: those whose index is a multiple. Default 1. */
  readonly every?: number;
  /** Which of these are wanted, in code. It is called in the tick of the frame, so it must be quick. */
  readonly filter?: (frame: Frame) => boolean;
  /** After so many seconds a ticket is dropped, done or not: from 1 to 86,400. Default 60. */
  readonly deadline_s?: number;
  /** Memory for the pictures of open tickets. Default 64 MB. */
  readonly hold_mb?: number;
  /** Folder of the ledger; recordings in it are searched for frames that are no longer held. Default `recordings`. */
  readonly folder?: string;
  /** A worker that has not been heard of for so many seconds has lost its ticket to another: from 1 to 3600. Default 10. */
  readonly silence_s?: number;
  /** How often the sums are compared with those of NATS, seconds. Default 5. */
  readonly look_s?: number;
}

/** The same with all defaults. */
export type WorkQueueSettings = Required<Omit<WorkQueueOptions, "stream" | "filter">>;

const Limits = Type.Object(
  {
    every: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 }),
    deadline_s: Type.Number({ minimum: 1, maximum: 86_400, default: 60 }),
    hold_mb: Type.Number({ minimum: 0, maximum: 100_000, default: 64 }),
    folder: Type.String({ minLength: 1, default: "recordings" }),
    silence_s: Type.Number({ minimum: 1, maximum: 3600, default: 10 }),
    look_s: Type.Number({ minimum: 0.1, maximum: 3600, default: 5 }),
  },
  { additionalProperties: false },
);

/** @throws {ThingError} `BAD_ARGUMENT` for an option that there is not, or out of range. */
export function settingsOf(
  options: Omit<WorkQueueOptions, "stream" | "filter">,
): WorkQueueSettings {
  const unknown = Object.keys(options).find((key) => !Object.hasOwn(Limits.properties, key));
  if (unknown !== undefined)
    throw new ThingError(
      "BAD_ARGUMENT",
      `A work queue has no option '${unknown}'. It has stream, filter, ${Object.keys(Limits.properties).join(", ")}.`,
    );
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
  const settings = {
    ...{ every: 1, deadline_s: 60, hold_mb: 64, folder: "recordings" },
    ...{ silence_s: 10, look_s: 5 },
    ...given,
  };
  const [fault] = errorsIn(Limits, settings);
  if (!fault) return settings;
  throw new ThingError(
    "BAD_ARGUMENT",
    `Option '${fault.instancePath.slice(1)}' of a work queue ${fault.message}.`,
  );
}
