import { type Static, Type } from "typebox";

const Count = Type.Integer({ minimum: 0 });

/** The UDP port of a stream. */
export const Port = Type.Integer({ minimum: 1024, maximum: 65535 });

/** An available camera. */
export const CameraEntry = Type.Object({
  id: Type.Integer({ description: "Its number in the protocol" }),
  name: Type.String(),
  capabilities: Type.Array(Type.String()),
});
export type CameraEntry = Static<typeof CameraEntry>;

/** A stream that is sent, with its counters. */
export const StreamEntry = Type.Object({
  camera: Type.String(),
  port: Port,
  capability: Type.String(),
  asked_by: Type.Array(Type.String(), { description: "Addresses that requested it" }),
  callers: Type.Integer({ minimum: 0, description: "Connected receivers" }),
  frames: Type.Integer({ minimum: 0, description: "Whole frames handed to SRT" }),
  bytes: Type.Integer({ minimum: 0, unit: "B" }),
  dropped: Type.Object({
    behind: Type.Integer({ minimum: 0, description: "Two frames were already waiting for SRT" }),
    too_fast: Type.Integer({ minimum: 0, description: "The stream exceeded max_mb_per_s" }),
    not_running: Type.Integer({ minimum: 0, description: "SRT was being restarted" }),
  }),
  restarts: Count,
});
export type StreamEntry = Static<typeof StreamEntry>;

/** The input of `start_stream`. */
export const StartStream = Type.Object({
  camera: Type.String({ description: "The camera's name" }),
  port: Port,
  capability: Type.Optional(Type.String({ description: "Default: the camera's own" })),
});
export type StartStream = Static<typeof StartStream>;
