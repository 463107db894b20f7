import { hostname } from "node:os";
import type { MqttOptions } from "./options.ts";

/** What of a Thing a command is for. */
export interface CommandTarget {
  /** As it stands in the topic: any text. */
  readonly thing: string;
  readonly kind: "properties" | "actions";
  readonly name: string;
}

/** The topics of one server. Names stand in them as in a URL. */
export class Topics {
  /** Before all topics of this server, e.g. `thingscope/pi-3`. */
  readonly prefix: string;
  /** `online`, or `offline` by the last will. */
  readonly status: string;
  /** The servers that use these topics, as each says when it comes: there must be one. */
  readonly claims: string;
  /** Commands that were refused, with the problem. */
  readonly refused: string;
  /** All commands. */
  readonly commands: readonly string[];
  /** Home Assistant's `online` when it has started. */
  readonly birth: string;
  /** Every retained topic of this server's Things, by patterns. */
  readonly retained: readonly string[];
  /** Before the descriptions of all devices, and of this server's. */
  readonly #devices: string;
  readonly #discovery: string;

  constructor({ topic_prefix, discovery_prefix = "homeassistant" }: MqttOptions, server: string) {
    const prefix = topic_prefix ?? `thingscope/${encoded(hostname())}`;
    this.prefix = prefix;
    this.status = `${prefix}/status`;
    this.claims = `${prefix}/server`;
    this.refused = `${prefix}/refused`;
    this.commands = [`${prefix}/+/properties/+/set`, `${prefix}/+/actions/+`];
    this.birth = `${discovery_prefix}/status`;
    this.#devices = `${discovery_prefix}/device`;
    this.#discovery = `${this.#devices}/${server}`;
    this.retained = [
      `${this.#devices}/+/+/config`,
      `${prefix}/+/status`,
      `${prefix}/+/properties/+`,
      `${prefix}/+/pictures/+`,
      `${prefix}/+/pictures/+/addresses`,
    ];
  }

  /** `online` while a Thing is open. */
  statusOf(thing: string): string {
    return `${this.prefix}/${encoded(thing)}/status`;
  }

  property(thing: string, name: string): string {
    return `${this.prefix}/${encoded(thing)}/properties/${encoded(name)}`;
  }

  setter(thing: string, name: string): string {
    return `${this.property(thing, name)}/set`;
  }

  action(thing: string, name: string): string {
    return `${this.prefix}/${encoded(thing)}/actions/${encoded(name)}`;
  }

  /** How a run of an action ended that was started here. */
  outcome(thing: string, action: string): string {
    return `${this.action(thing, action)}/outcome`;
  }

  event(thing: string, name: string): string {
    return `${this.prefix}/${encoded(thing)}/events/${encoded(name)}`;
  }

  /** A stream's picture, as an address; `addresses` beside it has the others. */
  picture(thing: string, stream: string): string {
    return `${this.prefix}/${encoded(thing)}/pictures/${encoded(stream)}`;
  }

  addresses(thing: string, stream: string): string {
    return `${this.picture(thing, stream)}/addresses`;
  }

  /** Where Home Assistant looks for the device that a Thing is. */
  config(thing: string): string {
    return `${this.#discovery}/${idOf(thing)}/config`;
  }

  /** The Thing that a retained topic is of, by its name: those of Things are the same in topics. Empty for topics of others. */
  thingIn(topic: string): string {
    const prefix = [this.#discovery, this.prefix].find((one) => topic.startsWith(`${one}/`));
    return prefix === undefined ? "" : topic.slice(prefix.length + 1).split("/", 1)[0]!;
  }

  /**
   * Whether a retained message is another program's. A device that is available by this server's own topic is not: it was told when
   * the server had another folder, and so another id.
   */
  isOthers(topic: string, message: string): boolean {
    if (this.thingIn(topic) !== "") return false;
    return !message.includes(`{"topic":${JSON.stringify(this.status)}}`);
  }

  /** What a command's topic is for; undefined of any other topic. */
  commandIn(topic: string): CommandTarget | undefined {
    if (!topic.startsWith(`${this.prefix}/`)) return undefined;
    const [thing = "", kind, name = "", set] = topic.slice(this.prefix.length + 1).split("/");
    if (kind === "properties" && set === "set") return { thing, kind, name };
    if (kind === "actions" && set === undefined) return { thing, kind, name };
    return undefined;
  }
}

/** What Home Assistant takes as the name of an object: other signs as their code. */
export function idOf(name: string): string {
  return name.replace(/[^A-Za-z0-9-]/gu, (sign) =>
    sign === "_" ? "_" : `_x${sign.codePointAt(0)!.toString(16)}_`,
  );
}

function encoded(name: string): string {
  return encodeURIComponent(name).replace(/\*/g, "%2A");
}
