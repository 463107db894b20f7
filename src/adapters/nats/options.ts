import { type Static, Type } from "typebox";
import { TlsFiles } from "../option-files.ts";

const Name = { pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$" };

/** How a server takes part in a fleet, as `fleet` of a configuration. Each `description` ends the sentence "KEY must be ...". */
export const FleetOptions = Type.Object(
  {
    servers: Type.Array(Type.String({ description: "text like 'nats://nats.lab:4222'" }), {
      description: "a list of NATS servers like 'nats://nats.lab:4222'",
      minItems: 1,
    }),
    name: Type.String({
      description: "this server's name in the fleet: up to 63 letters, digits, '-' and '_'",
      ...Name,
    }),
    fleet: Type.Optional(
      Type.String({
        description: "the fleet's name: up to 63 letters, digits, '-' and '_'",
        ...Name,
      }),
    ),
    url: Type.Optional(
      Type.String({
        description:
          "the address at which the others reach this server, like 'http://pi-3.lab:5000'",
        pattern: "^https?://[^/\\s]+/?$",
      }),
    ),
    credentials: Type.Optional(
      Type.Object(
        {
          user: Type.Optional(Type.String()),
          password_file: Type.Optional(Type.String()),
          nkey_file: Type.Optional(Type.String()),
          creds_file: Type.Optional(Type.String()),
        },
        {
          description:
            "an object with 'user' and 'password_file', with 'nkey_file', or with 'creds_file'",
          additionalProperties: false,
        },
      ),
    ),
    tls: Type.Optional(TlsFiles),
  },
  { description: "an object with 'servers' and 'name'", additionalProperties: false },
);

export type FleetOptions = Static<typeof FleetOptions>;
