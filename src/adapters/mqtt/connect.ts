import type { IClientOptions, IConnackPacket, MqttClient } from "mqtt";
import { abortable } from "../../base/abort.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { optionFile, tlsFrom } from "../option-files.ts";
import type { Mqtt } from "./library.ts";
import type { MqttOptions } from "./options.ts";
import type { Topics } from "./topics.ts";

const CONNECT_MS = 5000;
/** A broker that has not answered a ping for half as long again is left, s. */
const KEEP_ALIVE_S = 5;
/** Larger messages are not sent here by the broker, bytes. */
const LARGEST_IN = 2 ** 20;

/** A broker that lets this server in. */
export interface Connected {
  readonly client: MqttClient;
  /** Bytes of a message that it takes; undefined if it does not say. */
  readonly largest: number | undefined;
}

interface Connecting {
  /** Relative paths begin there. */
  readonly folder: string;
  readonly topics: Topics;
  /** The same for all connections of a server: a new one ends the one before. */
  readonly id: string;
  readonly signal: AbortSignal;
}

/**
 * Connects to the broker, with the last will that this server is offline. A connection that is lost stays so: nothing waits
 * in it to be sent later.
 * @throws {ThingError} `PROGRAM_REFUSED`, `BAD_CONFIG`.
 */
export async function connectTo(
  { connect }: Mqtt,
  options: MqttOptions,
  { folder, topics, id, signal }: Connecting,
): Promise<Connected> {
  const { broker } = options;
  const client = connect(broker, {
    ...OPTIONS,
    ...(await loginIn(options, folder)),
    ...(await tlsFrom(options.tls ?? {}, { folder, key: "mqtt" })),
    clientId: `thingscope-${id}`,
    will: { topic: topics.status, payload: Buffer.from("offline"), qos: 1, retain: true },
  });
  try {
    const { properties } = await abortable(connected(client), signal);
    client.on("error", () => {}); // it closes behind it
    return { client, largest: properties?.maximumPacketSize };
  } catch (error) {
    client.on("error", () => {});
    client.end(true);
    if (signal.aborted) throw error;
    throw new ThingError(
      "PROGRAM_REFUSED",
      `The MQTT broker ${broker} cannot be used (${messageOf(error)}). Check 'broker', 'credentials' and 'tls' in 'mqtt'; it must speak MQTT 5, as Mosquitto does since version 1.6, and keep retained messages.`,
      { cause: error },
    );
  }
}

/** Rejects with the reason when the connection has ended. */
export function connectionLost(client: MqttClient): Promise<never> {
  return new Promise((_, reject) => {
    let why = "The MQTT broker has closed the connection.";
    client.on("error", (error) => {
      why = `The connection to the MQTT broker failed (${messageOf(error)}).`;
    });
    client.on("disconnect", ({ reasonCode }) => {
      why = `The MQTT broker has ended the connection (reason ${reasonCode ?? "unknown"}).`;
    });
    const lost = () => reject(new ThingError("PROGRAM_REFUSED", why));
    client.once("close", lost);
    if (!client.connected) lost();
  });
}

const OPTIONS: IClientOptions = {
  protocolVersion: 5,
  clean: true,
  reconnectPeriod: 0,
  connectTimeout: CONNECT_MS,
  keepalive: KEEP_ALIVE_S,
  queueQoSZero: false,
  resubscribe: false,
  properties: { maximumPacketSize: LARGEST_IN },
};

function connected(client: MqttClient): Promise<IConnackPacket> {
  return new Promise((done, reject) => {
    let why: unknown = new Error(`it did not answer within ${CONNECT_MS / 1000} s`);
    client.once("connect", done);
    client.on("error", (error) => {
      why = error;
      reject(error);
    });
    client.once("close", () => reject(why));
  });
}

/** @throws {ThingError} `BAD_CONFIG` for a file that cannot be read. */
async function loginIn(
  { credentials }: MqttOptions,
  folder: string,
): Promise<IClientOptions | undefined> {
  if (!credentials) return undefined;
  const { user, password_file } = credentials;
  return { username: user, password: await optionFile(password_file, { folder, key: "mqtt" }) };
}
