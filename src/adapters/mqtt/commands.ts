import type { IPublishPacket } from "mqtt";
import { ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Log } from "../../base/log.ts";
import { cut } from "../../base/preview.ts";
import { isRecord } from "../../base/values.ts";
import { problemOf } from "../../server/http/problem.ts";
import { Complaints } from "../complaints.ts";
import type { OwnAnswer, OwnRequest } from "../own-routes.ts";
import type { CommandTarget, Topics } from "./topics.ts";

/** Commands that run at a time. */
const MOST_AT_ONCE = 32;
/** Bytes of a command. */
const LARGEST = 64 * 1024;
const LONGEST_SAID = 200; // characters

const busyLimit = countedLimit("mqtt_commands");
const sizeLimit = countedLimit("mqtt_command_bytes");
const refusedCount = countedLimit("mqtt_commands_refused");
const retainedCount = countedLimit("mqtt_commands_retained");
const replacedCount = countedLimit("mqtt_commands_replaced");

/** Whom commands are given to, and who hears of them. */
interface Commanding {
  readonly topics: Topics;
  /** As a client with the role of commands. */
  readonly request: (request: OwnRequest) => Promise<OwnAnswer>;
  /** A command has been answered; an action that it has started may go on. */
  readonly onDone: (target: CommandTarget, answer: OwnAnswer) => void;
  /** A command was refused: the message for who gave it. */
  readonly onRefused: (message: string) => void;
  readonly log: Log;
}

/**
 * Takes the commands of a broker, as HTTP would: a property is written, an action is started. Of the values for one property
 * that come while one is written, the newest is written.
 */
export class Commands {
  readonly #commanding: Commanding;
  readonly #complaints: Complaints;
  #running = 0;
  /** Of each property that is being written, the value that comes next. */
  readonly #next = new Map<string, Uint8Array | undefined>();

  constructor(commanding: Commanding) {
    this.#commanding = commanding;
    this.#complaints = new Complaints(commanding.log);
  }

  /** Every message on a command's topic. */
  take(topic: string, payload: Uint8Array, { retain }: Pick<IPublishPacket, "retain">): void {
    const target = this.#commanding.topics.commandIn(topic);
    if (!target) return;
    if (retain && payload.length === 0) return; // what was retained is being removed
    if (retain) this.#refuse(topic, payload, isRetained(topic), retainedCount);
    else if (!isName(target.thing) || !isName(target.name))
      this.#say(topic, payload, problemOf(noSuchName()));
    else if (payload.length > LARGEST) this.#refuse(topic, payload, tooLarge(payload), sizeLimit);
    else if (this.#next.has(topic)) {
      if (this.#next.get(topic)) replacedCount.hit();
      this.#next.set(topic, payload);
    } else if (this.#running >= MOST_AT_ONCE) this.#refuse(topic, payload, tooMany(), busyLimit);
    else void this.#run(topic, target, payload);
  }

  async #run(topic: string, target: CommandTarget, first: Uint8Array): Promise<void> {
    this.#running += 1;
    const waits = target.kind === "properties";
    try {
      for (let payload: Uint8Array | undefined = first; payload; ) {
        if (waits) this.#next.set(topic, undefined);
        await this.#give(topic, target, payload);
        payload = this.#next.get(topic);
      }
    } finally {
      if (waits) this.#next.delete(topic);
      this.#running -= 1;
    }
  }

  async #give(topic: string, target: CommandTarget, body: Uint8Array): Promise<void> {
    const { request, onDone } = this.#commanding;
    const method = target.kind === "properties" ? "PUT" : "POST";
    try {
      const { status, text } = await request({
        method,
        path: `/${target.thing}/${target.name}`,
        body,
      });
      if (status >= 400) this.#say(topic, body, JSON.parse(text));
      onDone(target, { status, text });
    } catch (error) {
      this.#say(topic, body, problemOf(error));
    }
  }

  #refuse(topic: string, body: Uint8Array, error: ThingError, count: { hit(): void }): void {
    count.hit();
    this.#say(topic, body, problemOf(error));
  }

  #say(topic: string, body: Uint8Array, problem: unknown): void {
    refusedCount.hit();
    const payload = cut(
      Buffer.from(body.subarray(0, 4 * LONGEST_SAID)).toString("utf8"),
      LONGEST_SAID,
    );
    const { code, detail } = isRecord(problem) ? problem : { code: "", detail: "" };
    const at = cut(topic, LONGEST_SAID);
    this.#complaints.add(String(code), `A command by MQTT to ${at} was refused: ${detail}`);
    this.#commanding.onRefused(JSON.stringify({ topic: at, payload, problem }));
  }
}

/** Names of Things and of what they have: nothing else of a topic becomes part of a path. */
function isName(text: string): boolean {
  return /^[\w-]{1,200}$/.test(text);
}

function noSuchName(): ThingError {
  return new ThingError(
    "NOT_FOUND",
    "The topic has a name that no Thing and nothing of a Thing can have: names have the characters A-Z a-z 0-9 _ -. The Thing Description has the names.",
  );
}

function isRetained(topic: string): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    `The broker kept this command and would give it at every start, so it is not carried out. Remove it with an empty retained message to ${topic}, and send commands without 'retain'.`,
  );
}

function tooLarge({ length }: Uint8Array): ThingError {
  return new ThingError(
    "BODY_TOO_LARGE",
    `The command has ${length} bytes, and may have ${LARGEST}. Send it over HTTP.`,
  );
}

function tooMany(): ThingError {
  return new ThingError(
    "TOO_BUSY",
    `This server already carries out ${MOST_AT_ONCE} commands by MQTT. Try again in a moment.`,
  );
}
