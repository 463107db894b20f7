import { setMaxListeners } from "node:events";
import { Socket } from "node:net";
import type { MqttClient } from "mqtt";
import { delay } from "../../base/abort.ts";
import type { Attempt } from "../../base/attempt.ts";
import { asSentence, messageOf, ThingError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { Supervisor } from "../../base/supervise.ts";
import type { JoiningServer, ServerBridge } from "../../server/server-options.ts";
import { Complaints } from "../complaints.ts";
import { rootOf } from "../own-address.ts";
import { ownRoutes } from "../own-routes.ts";
import { serverId } from "../server-id.ts";
import { ToldReasons } from "../told-reasons.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { CLAIM_MS, Claim } from "./claim.ts";
import { Commands } from "./commands.ts";
import { connectionLost, connectTo } from "./connect.ts";
import { type Mqtt, mqtt } from "./library.ts";
import { Links } from "./links.ts";
import type { MqttOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { Outcomes } from "./outcomes.ts";
import { Topics } from "./topics.ts";

const PAUSES = { firstMs: 500, longestMs: 5000 };
/** A server that ends waits no longer for the broker, ms. */
const END_MS = 3000;
const REFRESH_MS = 10_000;
/** A broker that owes an acknowledgement and has sent none for so long is left, though it may answer pings, ms. */
const SILENT_MS = 30_000;

interface BridgeSettings {
  readonly folder: string;
  readonly log: Log;
  readonly refreshMs?: number;
  readonly silentMs?: number;
}

/** One connection with the broker. */
interface Link {
  readonly client: MqttClient;
  readonly topics: Topics;
  readonly attempt: Attempt;
  readonly outbox: Outbox;
  readonly acknowledgements: Acknowledgements;
  /** Aborts when it ends. */
  readonly ending: AbortSignal;
}

/**
 * A server's place in a house's MQTT: its Things are devices of Home Assistant, told by a broker, and take commands from it.
 * While there is no connection everything else goes on, and the connection is made again.
 * @see https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
 */
export class MqttBridge implements ServerBridge {
  /** Resolves when the broker knows all Things for the first time. */
  readonly joined: Promise<void>;
  readonly #options: MqttOptions;
  readonly #folder: string;
  readonly #refreshMs: number;
  readonly #silentMs: number;
  readonly #log: Log;
  readonly #complaints: Complaints;
  readonly #reasons = new ToldReasons();
  readonly #claim = new Claim();
  readonly #supervisor: Supervisor;
  #server: JoiningServer | undefined;
  #hasJoined: () => void = () => {};

  /**
   * @param options.folder - Relative paths of the options begin there.
   * @param options.refreshMs - How often values that do not announce themselves are read, and pictures get a new address, ms.
   * @param options.silentMs - How long the broker may owe acknowledgements and send none, ms.
   */
  constructor(
    options: MqttOptions,
    { folder, log, refreshMs = REFRESH_MS, silentMs = SILENT_MS }: BridgeSettings,
  ) {
    this.#options = options;
    this.#refreshMs = refreshMs;
    this.#silentMs = silentMs;
    this.#folder = folder;
    this.#log = log;
    this.#complaints = new Complaints(log);
    this.joined = new Promise((resolve) => {
      this.#hasJoined = resolve;
    });
    this.#supervisor = new Supervisor((attempt) => this.#connected(attempt), {
      pauses: PAUSES,
      isBackground: true,
      endMs: END_MS,
      onFailure: ({ reason }) => {
        if (this.#reasons.isDue(reason))
          this.#log.warn(`MQTT is not reached: ${asSentence(reason)} Everything local goes on.`);
      },
    });
  }

  /** What the connection does: `running` while the broker is connected. */
  get status(): Supervisor["status"] {
    return this.#supervisor.status;
  }

  /** Connects, as the server that listens now. */
  join(server: JoiningServer): void {
    this.#server = server;
    if (this.#options.url !== undefined)
      server.access.allowHost(new URL(this.#options.url).hostname);
    this.#supervisor.start();
  }

  async close(): Promise<void> {
    await this.#supervisor.close();
  }

  async #connected(attempt: Attempt): Promise<void> {
    const library: Mqtt = mqtt();
    const server = this.#server!;
    const topics = new Topics(this.#options, serverId(server.host));
    const { signal } = attempt;
    const { client, largest } = await connectTo(library, this.#options, {
      folder: this.#folder,
      topics,
      id: this.#claim.id,
      signal,
    });
    signal.addEventListener("abort", () => setTimeout(() => client.end(true), END_MS).unref());
    const end = new AbortController();
    const ending = AbortSignal.any([signal, end.signal]);
    setMaxListeners(0, ending); // each message that the broker has not acknowledged has one
    const acknowledgements = this.#acknowledgementsOf(client, attempt, ending);
    const outbox = new Outbox(client, {
      ...{ signal: ending, largest, acknowledgements },
      onRefused: (topic, why) => this.#refused(topics, topic, why),
    });
    const link = { client, topics, attempt, ending, acknowledgements, outbox };
    try {
      await this.#claimed(link);
      await this.#linked(link);
    } finally {
      end.abort();
      await client.endAsync(!client.connected).catch((error) => this.#log.debug(messageOf(error)));
    }
  }

  /** A broker that owes them for too long is left: all that waits for it ends with the connection. */
  #acknowledgementsOf(client: MqttClient, attempt: Attempt, signal: AbortSignal): Acknowledgements {
    const silentMs = this.#silentMs;
    const onSilence = () => {
      attempt.fail(
        new ThingError(
          "PROGRAM_REFUSED",
          `The MQTT broker ${this.#options.broker} is connected but has acknowledged nothing for ${silentMs / 1000} s, so the connection is made again. If this goes on, restart the broker.`,
        ),
      );
      client.end(true);
    };
    return new Acknowledgements({ silentMs, signal, onSilence });
  }

  #refused({ prefix }: Topics, topic: string, why: string): void {
    const { credentials, discovery_prefix = "homeassistant" } = this.#options;
    const user = credentials ? `'${credentials.user}'` : "this server";
    this.#complaints.add(
      "refused",
      `The MQTT broker refused the message to ${topic} (${why}). Allow ${user} to write ${prefix}/# and ${discovery_prefix}/device/#.`,
    );
  }

  /** Resolves when no other server has said that it uses these topics. Until then nothing is told: it would be taken for the other's. */
  async #claimed(link: Link): Promise<void> {
    const { client, topics, attempt, ending, outbox } = link;
    const claim = this.#claim;
    client.on("message", (topic, payload, { retain }) => {
      if (topic !== topics.claims || retain) return; // what is kept was said by nobody who is there
      const error = claim.against(payload.toString(), topics.prefix);
      if (error) attempt.fail(error);
      else void outbox.send(topics.claims, claim.message);
    });
    await this.#subscribe(link, [topics.claims]);
    await outbox.send(topics.claims, claim.message);
    await delay(CLAIM_MS, ending);
  }

  /** Until the connection fails, or `ending` aborts. */
  async #linked(link: Link): Promise<void> {
    const { client, topics, attempt, ending, outbox } = link;
    const server = this.#server!;
    const { role = "operate" } = this.#options;
    const root = rootOf(server, this.#options.url, ownAddress(client));
    const name = "a client of the MQTT broker";
    const links = new Links({
      ...{ server, topics, outbox, root, mayCommand: role === "operate", log: this.#log },
      request: ownRoutes(server, { name, role: "view" }, root),
      signal: ending,
    });
    const request = ownRoutes(server, { name, role }, root);
    const outcomes = new Outcomes({
      ...{ topics, request, invocations: server.host.invocations },
      send: (topic, message) => outbox.send(topic, message),
    });
    const commands = new Commands({
      ...{ topics, request },
      onDone: (target, answer) => {
        if (target.kind === "properties") void links.reread(target.thing, target.name);
        else outcomes.follow(target, answer).catch((error) => this.#log.debug(messageOf(error)));
      },
      onRefused: (message) => outbox.set(topics.refused, message, { retain: false }),
      log: this.#log,
    });
    client.on("message", (topic, payload, packet) => {
      attempt.heartbeat();
      const text = () => payload.toString();
      if (topics.commandIn(topic)) commands.take(topic, payload, packet);
      else if (topic === topics.birth) {
        if (text() === "online" && !packet.retain) links.begin();
      } else if (topic === topics.claims) {
        if (!packet.retain) links.begin(); // another, which gives way, may have told something
      } else if (topic === topics.status) {
        if (text() !== "online") outbox.retell(topics.status, "online"); // a will of the connection before
      } else if (packet.retain && payload.length > 0) links.found(topic, text());
    });
    const lost = connectionLost(client);
    lost.catch(() => {}); // also when it is lost before it is waited for
    const stop = links.follow(ending);
    try {
      await this.#subscribe(link, [topics.birth, topics.status, ...topics.retained]);
      // As it was published: else only what the broker kept from before would be known to be kept.
      if (role === "operate") await this.#subscribe(link, topics.commands, { rap: true });
      attempt.heartbeat();
      this.#log.info(
        `MQTT: ${this.#options.broker} is connected; topics begin with ${topics.prefix}/.`,
      );
      links.begin();
      void links.told().then(this.#hasJoined);
      await Promise.race([lost, links.refreshed(this.#refreshMs, ending)]);
    } finally {
      stop();
      if (ending.aborted && client.connected)
        await client
          .publishAsync(topics.status, "offline", { qos: 1, retain: true })
          .catch(() => {});
    }
  }

  async #subscribe(
    { client, topics: { prefix }, acknowledgements }: Link,
    topics: readonly string[],
    more: { readonly rap?: boolean } = {},
  ): Promise<void> {
    try {
      await acknowledgements.of(client.subscribeAsync([...topics], { qos: 0, nl: true, ...more }));
    } catch (error) {
      if (!client.connected) throw error;
      throw new ThingError(
        "PROGRAM_REFUSED",
        `The MQTT broker does not let this server read ${topics.join(", ")} (${messageOf(error)}). Allow it to read ${prefix}/# and Home Assistant's topics.`,
        { cause: error },
      );
    }
  }
}

/** The address from which the broker sees this machine. */
function ownAddress({ stream }: MqttClient): string | undefined {
  const socket: unknown = stream;
  return socket instanceof Socket ? socket.localAddress : undefined;
}
