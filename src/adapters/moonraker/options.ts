import { type Static, Type } from "typebox";

/** The printer's Moonraker that shows cameras, as `moonraker` of a configuration. Each `description` ends the sentence "KEY must be ...". */
export const MoonrakerOptions = Type.Object(
  {
    server: Type.String({
      description: "the address of Moonraker, like 'http://mainsailos.local:7125'",
      pattern: "^https?://[^/\\s@]+/?$",
    }),
    webcams: Type.Record(
      Type.String({ minLength: 1 }),
      Type.String({
        description: "text 'THING/STREAM', such as 'camera/mjpeg_stream'",
        pattern: "^[\\w-]+/[\\w-]+$",
      }),
      {
        description: "an object like {Nozzle: camera/mjpeg_stream}: webcams by name",
        minProperties: 1,
        maxProperties: 32,
      },
    ),
    url: Type.Optional(
      Type.String({
        description:
          "the address at which browsers reach this server, like 'http://pi-3.local:5000'",
        pattern: "^https?://[^/\\s]+/?$",
      }),
    ),
    api_key_file: Type.Optional(Type.String({ description: "the path of a file" })),
    remove_at_end: Type.Optional(
      Type.Boolean({ description: "true or false: whether the webcams go with the server" }),
    ),
  },
  { description: "an object with 'server' and 'webcams'", additionalProperties: false },
);

export type MoonrakerOptions = Static<typeof MoonrakerOptions>;
