import { type Static, Type } from "typebox";
import { TlsFiles } from "../option-files.ts";

/** Topics of MQTT, without the signs that it gives a meaning. */
const TOPIC = "^[^/+#\\s\\u0000]+(/[^/+#\\s\\u0000]+){0,7}$";

/** How a server takes part in a house's MQTT, as `mqtt` of a configuration. Each `description` ends the sentence "KEY must be ...". */
export const MqttOptions = Type.Object(
  {
    broker: Type.String({
      description: "the address of the MQTT broker, like 'mqtt://homeassistant.local:1883'",
      pattern: "^(mqtts?|wss?)://[^/\\s@]+(/\\S*)?$",
    }),
    url: Type.Optional(
      Type.String({
        description:
          "the address at which Home Assistant reaches this server, like 'http://pi-3.local:5000'",
        pattern: "^https?://[^/\\s]+/?$",
      }),
    ),
    topic_prefix: Type.Optional(
      Type.String({
        description: "up to eight words between slashes, like 'thingscope/pi-3'",
        pattern: TOPIC,
        maxLength: 200,
      }),
    ),
    discovery_prefix: Type.Optional(
      Type.String({
        description: "Home Assistant's discovery prefix, like 'homeassistant'",
        pattern: TOPIC,
        maxLength: 200,
      }),
    ),
    role: Type.Optional(
      Type.Enum(["view", "operate"], {
        description: "'operate', or 'view' to take no commands",
      }),
    ),
    credentials: Type.Optional(
      Type.Object(
        { user: Type.String({ minLength: 1 }), password_file: Type.String() },
        { description: "an object with 'user' and 'password_file'", additionalProperties: false },
      ),
    ),
    tls: Type.Optional(TlsFiles),
  },
  { description: "an object with 'broker'", additionalProperties: false },
);

export type MqttOptions = Static<typeof MqttOptions>;
