import { type Static, Type } from "typebox";

const Count = Type.Integer({ minimum: 0 });

/** A UDP port that a stream is sent on. */
export const Port = Type.Integer({ minimum: 1024, maximum: 65535 });

/** A camera that can be had. */
export const CameraEntry = Type.Object({
  id: Type.Integer({ description: "Its number on the wire" }),
  name: Type.String(),
  capabilities: Type.Array(Type.String()),
});
export type CameraEntry = Static<typeof CameraEntry>;

/** A stream that is sent, and how that goes. */
export const StreamEntry = Type.Object({
  camera: Type.String(),
  port: Port,
  capability: Type.String(),
  asked_by: Type.Array(Type.String(), { description: "Addresses that asked for it" }),
  callers: Type.Integer({ minimum: 0, description: "Receivers that are connected" }),
  frames: Type.Integer({ minimum: 0, description: "Handed to SRT, whole" }),
  bytes: Type.Integer({ minimum: 0, unit: "B" }),
  dropped: Type.Object({
    behind: Type.Integer({ minimum: 0, description: "Two frames waited for SRT already" }),
    too_fast: Type.Integer({ minimum: 0, description: "More bytes a second than may be sent" }),
    not_running: Type.Integer({ minimum: 0, description: "SRT was being started again" }),
  }),
  restarts: Count,
});
export type StreamEntry = Static<typeof StreamEntry>;

/** What is asked for when a stream is started by hand. */
export const StartStream = Type.Object({
  camera: Type.String({ description: "The camera's name" }),
  port: Port,
  capability: Type.Optional(Type.String({ description: "The camera's own when absent" })),
});
export type StartStream = Static<typeof StartStream>;
