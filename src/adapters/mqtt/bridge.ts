import { Socket } from "node:net";
import type { MqttClient } from "mqtt";
import type { Attempt } from "../../base/attempt.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { Supervisor } from "../../base/supervise.ts";
import type { JoiningServer, ServerBridge } from "../../server/server-options.ts";
import { rootOf } from "../own-address.ts";
import { ownRoutes } from "../own-routes.ts";
import { Claim } from "./claim.ts";
import { Commands } from "./commands.ts";
import { type Connected, connectionLost, connectTo } from "./connect.ts";
import { type Mqtt, mqtt } from "./library.ts";
import { Links } from "./links.ts";
import type { MqttOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import { serverId, Topics } from "./topics.ts";

const PAUSES = { firstMs: 500, longestMs: 5000 };
/** A server that ends waits no longer for the broker, ms. */
const END_MS = 3000;
const REFRESH_MS = 10_000;

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
  readonly #log: Log;
  readonly #claim = new Claim();
  readonly #supervisor: Supervisor;
  #server: JoiningServer | undefined;
  #hasJoined: () => void = () => {};

  /**
   * @param options.folder - Relative paths of the options begin there.
   * @param options.refreshMs - How often values that do not announce themselves are read, and pictures get a new address, ms.
   */
  constructor(
    options: MqttOptions,
    { folder, log, refreshMs = REFRESH_MS }: { folder: string; log: Log; refreshMs?: number },
  ) {
    this.#options = options;
    this.#refreshMs = refreshMs;
    this.#folder = folder;
    this.#log = log;
    this.joined = new Promise((resolve) => {
      this.#hasJoined = resolve;
    });
    this.#supervisor = new Supervisor((attempt) => this.#connected(attempt), {
      pauses: PAUSES,
      isBackground: true,
      endMs: END_MS,
      onFailure: ({ reason }) =>
        this.#log.warn(`MQTT is not reached: ${reason} Everything local goes on.`),
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
    const library: Mqtt = await mqtt();
    const server = this.#server!;
    const topics = new Topics(this.#options, serverId(server.host));
    const { signal } = attempt;
    const { client, largest } = await connectTo(library, this.#options, {
      folder: this.#folder,
      topics,
      id: this.#claim.id,
      signal,
    });
    const end = new AbortController();
    try {
      await this.#linked(
        { client, largest },
        topics,
        attempt,
        AbortSignal.any([signal, end.signal]),
      );
    } finally {
      end.abort();
      if (signal.aborted && client.connected)
        await client
          .publishAsync(topics.status, "offline", { qos: 1, retain: true })
          .catch(() => {});
      await client.endAsync(!client.connected).catch((error) => this.#log.debug(messageOf(error)));
    }
  }

  /** Until the connection fails, or `ending` aborts. */
  async #linked(
    { client, largest }: Connected,
    topics: Topics,
    attempt: Attempt,
    ending: AbortSignal,
  ): Promise<void> {
    const server = this.#server!;
    const { role = "operate" } = this.#options;
    const root = rootOf(server, this.#options.url, ownAddress(client));
    const outbox = new Outbox(client, ending, largest);
    const name = "a client of the MQTT broker";
    const links = new Links({
      ...{ server, topics, outbox, root, mayCommand: role === "operate", log: this.#log },
      request: ownRoutes(server, { name, role: "view" }, root),
    });
    const commands = new Commands({
      topics,
      request: ownRoutes(server, { name, role }, root),
      onDone: ({ thing, name, kind }) => {
        if (kind === "properties") void links.reread(thing, name);
      },
      onRefused: (message) => outbox.set(topics.refused, message, { retain: false }),
      log: this.#log,
    });
    const claim = this.#claim;
    const claimed = () => outbox.set(topics.claims, claim.message, { retain: false });
    client.on("message", (topic, payload, packet) => {
      attempt.heartbeat();
      const text = () => payload.toString();
      if (topics.commandIn(topic)) commands.take(topic, payload, packet);
      else if (topic === topics.birth) {
        if (text() === "online" && !packet.retain) links.begin();
      } else if (topic === topics.claims) {
        const error = claim.against(text(), topics.prefix);
        if (error) attempt.fail(error);
        else {
          claimed();
          links.begin(); // the other has told something, too
        }
      } else if (topic === topics.status) {
        if (text() !== "online") outbox.retell(topics.status, "online"); // a will of the connection before
      } else if (packet.retain && payload.length > 0) links.found(topic, text());
    });
    const lost = connectionLost(client);
    lost.catch(() => {}); // also when it is lost before it is waited for
    const own = [topics.birth, topics.status, topics.claims, ...topics.retained];
    const subscribed = role === "operate" ? [...own, ...topics.commands] : own;
    const stop = links.follow(ending);
    try {
      await client.subscribeAsync(subscribed, { qos: 0, nl: true });
      attempt.heartbeat();
      this.#log.info(
        `MQTT: ${this.#options.broker} is connected; topics begin with ${topics.prefix}/.`,
      );
      claimed();
      links.begin();
      void links.told().then(this.#hasJoined);
      await Promise.race([lost, links.refreshed(this.#refreshMs, ending)]);
    } finally {
      stop();
    }
  }
}

/** The address from which the broker sees this machine. */
function ownAddress({ stream }: MqttClient): string | undefined {
  const socket: unknown = stream;
  return socket instanceof Socket ? socket.localAddress : undefined;
}
