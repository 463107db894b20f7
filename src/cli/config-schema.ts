import { type Static, Type } from "typebox";
import { MoonrakerOptions } from "../adapters/moonraker/options.ts";
import { MqttOptions } from "../adapters/mqtt/options.ts";
import { FleetOptions } from "../adapters/nats/options.ts";

const Names = Type.Union([Type.String(), Type.Array(Type.String()), Type.Null()], {
  description: "the name of a Thing, a list of names, or null for none",
});

const Words = { pattern: "\\S" };

const Entry = Type.Object(
  {
    class: Type.String({
      description: "text 'module:Class', such as './lamp.ts:Lamp'",
      pattern: "^.+:[A-Za-z_$][\\w$]*$",
    }),
    args: Type.Optional(
      Type.Array(Type.Unknown(), { description: "a list of arguments for the constructor" }),
    ),
    kwargs: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "the options for the constructor, by name",
      }),
    ),
    thing_slots: Type.Optional(
      Type.Record(Type.String(), Names, { description: "names of Things by slot" }),
    ),
    title: Type.Optional(
      Type.String({ description: "text: what people call the Thing", ...Words, maxLength: 200 }),
    ),
    description: Type.Optional(
      Type.String({ description: "text: what the Thing is", ...Words, maxLength: 10_000 }),
    ),
    embed: Type.Optional(
      Type.Boolean({ description: "true or false: whether other sites may show its streams" }),
    ),
  },
  {
    description: "text 'module:Class', or an object with a 'class'",
    additionalProperties: false,
  },
);

/** What a configuration may hold, JSON or YAML. Each `description` ends the sentence "KEY must be ...". */
export const ConfigFile = Type.Object(
  {
    things: Type.Record(Type.String(), Entry, {
      description: "an object of at least one Thing by name",
      minProperties: 1,
    }),
    settings_folder: Type.Optional(Type.String({ description: "the path of a folder" })),
    api_prefix: Type.Optional(
      Type.String({ description: "empty or like '/api/v3'", pattern: "^(\\/[\\w-]+)*$" }),
    ),
    enable_global_lock: Type.Optional(Type.Boolean({ description: "true or false" })),
    global_lock_log_level: Type.Optional(
      Type.Enum(["DEBUG", "INFO", "WARNING", "ERROR"], {
        description: "DEBUG, INFO, WARNING or ERROR",
      }),
    ),
    invocations: Type.Optional(
      Type.Object(
        {
          max_running: Type.Optional(Type.Integer({ minimum: 1 })),
          max_running_per_thing: Type.Optional(Type.Integer({ minimum: 1 })),
          max_kept_mb: Type.Optional(Type.Number({ minimum: 1 })),
        },
        {
          description: "an object with 'max_running', 'max_running_per_thing' or 'max_kept_mb'",
          additionalProperties: false,
        },
      ),
    ),
    application_config: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "an object, given to every Thing",
      }),
    ),
    allowed_origins: Type.Optional(
      Type.Array(Type.String({ description: "text like 'https://lab.example'" }), {
        description: "a list of origins like 'https://lab.example'",
      }),
    ),
    allowed_hosts: Type.Optional(
      Type.Array(Type.String({ description: "text like 'microscope.local'" }), {
        description: "a list of host names like 'microscope.local'",
      }),
    ),
    trusted_proxies: Type.Optional(
      Type.Array(Type.String({ description: "text like '192.168.1.5' or '10.0.0.0/8'" }), {
        description: "a list of addresses and networks like '192.168.1.5' or '10.0.0.0/8'",
      }),
    ),
    login: Type.Optional(
      Type.Boolean({ description: "true or false: whether this computer's users log in, too" }),
    ),
    tls: Type.Optional(
      Type.Union(
        [
          Type.Literal("auto"),
          Type.Object({ cert: Type.String(), key: Type.String() }, { additionalProperties: false }),
        ],
        { description: "'auto', or an object with the paths of 'cert' and 'key'" },
      ),
    ),
    webhooks: Type.Optional(
      Type.Object(
        { allowed_hosts: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }) },
        {
          description: "an object with 'allowed_hosts', a list of hosts that may be called",
          additionalProperties: false,
        },
      ),
    ),
    end_when_blocked_s: Type.Optional(
      Type.Number({ minimum: 5, description: "a number of seconds, 5 or more" }),
    ),
    fleet: Type.Optional(FleetOptions),
    mqtt: Type.Optional(MqttOptions),
    moonraker: Type.Optional(MoonrakerOptions),
    mdns: Type.Optional(
      Type.Union([Type.Boolean(), Type.String({ format: "ipv4" })], {
        description: "true, false, or the IPv4 address of a network interface",
      }),
    ),
  },
  { description: "an object with 'things'", additionalProperties: false },
);

export type ConfigFile = Static<typeof ConfigFile>;
export type ThingEntry = Static<typeof Entry>;
