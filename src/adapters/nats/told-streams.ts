import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import { asSentence, messageOf } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import { isRecord } from "../../base/values.ts";
import { TOLD_ON, TOLD_UP_TO } from "./answer-events.ts";
import { LEFT } from "./lease.ts";
import type { PresentMember } from "./roster.ts";
import { affordanceIn, closedSubjectOf, tellsOf } from "./subjects.ts";

/** What a client observes by NATS at a time. */
const MOST_STREAMS = 1000;
/** Bytes that wait for the reader of one: it is told that it was too slow, and asks again. */
const MOST_WAITING = 1 << 20;
/** Messages that come before it is known what was told already. */
const MOST_EARLY = 1000;
/** How often it is looked whether the members are there that are observed, ms: a lease ends after nine seconds. */
const LOOK_MS = 1000;
/** Keeps a reader from taking the member for gone. */
const COMMENT = ":\n\n";

const streamsLimit = countedLimit("fleet_observed");
const slowLimit = countedLimit("fleet_observers_slow");

/** One answer of a member, and how it is asked for another. */
interface Opening {
  readonly member: PresentMember;
  readonly fleet: string;
  /** What says on which subject it tells. */
  readonly first: Response;
  /** Asks again for what was told after an id. */
  readonly ask: (after: string) => Promise<Response>;
  readonly signal: AbortSignal | undefined;
}

/** What members tell, as streams of server-sent events: for clients that read those of HTTP. */
export class ToldStreams {
  readonly #connection: NatsConnection;
  readonly #members: () => readonly PresentMember[];
  readonly #open = new Set<ToldStream>();
  #looking: ReturnType<typeof setInterval> | undefined;

  constructor(connection: NatsConnection, members: () => readonly PresentMember[]) {
    this.#connection = connection;
    this.#members = members;
    void connection.closed().then(() => {
      for (const stream of this.#open) stream.fail("the connection to NATS was lost");
    });
  }

  /**
   * The answer of a stream, which breaks when its member has gone, was started again or is no longer heard of.
   * @throws {TypeError} when too many are open, or NATS does not let this client hear what is told.
   */
  async open({ member, fleet, first, ask, signal }: Opening): Promise<Response> {
    const subject = first.headers.get(TOLD_ON) ?? "";
    if (!subject.startsWith(tellsOf({ fleet, member: member.name })))
      throw new TypeError(`'${member.name}' tells on the subject ${subject}, which is not its own`);
    if (this.#open.size >= MOST_STREAMS) {
      streamsLimit.hit();
      throw new TypeError(
        `this client already observes ${MOST_STREAMS} properties or events by NATS`,
      );
    }
    const onAbort = () => stream.fail(signal?.reason);
    const stream = new ToldStream(this.#connection, subject, member, () => {
      signal?.removeEventListener("abort", onAbort);
      this.#closed(stream);
    });
    this.#open.add(stream);
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS).unref();
    signal?.addEventListener("abort", onAbort);
    try {
      await this.#connection.flush();
      const second = await ask(first.headers.get(TOLD_UP_TO) ?? "");
      stream.begin(
        (await first.text()) + (await second.text()),
        second.headers.get(TOLD_UP_TO) ?? "",
      );
    } catch (error) {
      stream.fail(messageOf(error));
      throw error;
    }
    const response = new Response(stream.body, { headers: first.headers });
    Object.defineProperty(response, "url", { value: first.url });
    return response;
  }

  #closed(stream: ToldStream): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #look(): void {
    const there = new Map(this.#members().map(({ name, instance }) => [name, instance]));
    for (const stream of this.#open) stream.look(there.get(stream.member.name));
  }
}

/** One subject, as it is told. */
class ToldStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly member: PresentMember;
  readonly #subscriptions: readonly Subscription[];
  readonly #onClosed: () => void;
  readonly #encoder = new TextEncoder();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  /** What came before it was known what was told already; undefined later. */
  #early: Msg[] | undefined = [];
  #toldUpTo = "";
  #isOver = false;

  constructor(
    connection: NatsConnection,
    subject: string,
    member: PresentMember,
    onClosed: () => void,
  ) {
    this.member = member;
    this.#onClosed = onClosed;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => this.#end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MOST_WAITING }),
    );
    const told = connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) this.fail(`NATS does not let this client hear ${subject}: ${messageOf(error)}`);
        else if (!this.#early) this.#tell(message);
        else if (this.#early.length < MOST_EARLY) this.#early.push(message);
        else this.#tooSlow();
      },
    });
    const closed = connection.subscribe(closedSubjectOf(subject), {
      callback: (error, message) => {
        if (!error && message.headers?.get(LEFT) === member.instance)
          this.fail(`'${member.name}' has closed that Thing`);
      },
    });
    this.#subscriptions = [told, closed];
  }

  /** @param told - What was told before. @param upTo - The id of the last that may be among it. */
  begin(told: string, upTo: string): void {
    this.#toldUpTo = upTo;
    this.#push(COMMENT + told);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) this.#tell(message);
  }

  /** @param instance - Of the process that has the member's name now; undefined when it is not there. */
  look(instance: string | undefined): void {
    const { name } = this.member;
    if (instance === undefined) this.fail(`'${name}' is not in the fleet any more`);
    else if (instance !== this.member.instance) this.fail(`'${name}' was started again`);
    else if (!this.#early) this.#push(COMMENT);
  }

  /** Ends it; its reader is told why. */
  fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#end();
    const why = typeof reason === "string" ? new TypeError(asSentence(reason)) : reason;
    this.#controller.error(why);
  }

  #tell(message: Msg): void {
    const id = message.headers?.get("Id") ?? "";
    if (id <= this.#toldUpTo) return;
    this.#toldUpTo = id;
    const name = affordanceIn(message.subject);
    const isProblem = message.headers?.get("Status") !== "" && message.headers !== undefined;
    const [event, data] = isProblem
      ? ["problem", problemOf(message, name)]
      : [name, message.string() || "null"];
    this.#push(`event: ${event}\nid: ${id}\ndata: ${data}\n\n`);
  }

  #push(text: string): void {
    if (this.#isOver) return;
    if ((this.#controller.desiredSize ?? 0) > 0) {
      this.#controller.enqueue(this.#encoder.encode(text));
      return;
    }
    if (text !== COMMENT) this.#tooSlow();
  }

  #tooSlow(): void {
    slowLimit.hit();
    this.fail("what is told was read too slowly");
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#onClosed();
  }
}

/** A problem says of what it is. */
function problemOf(message: Msg, name: string): string {
  try {
    const problem: unknown = message.json();
    return JSON.stringify({ ...(isRecord(problem) && problem), name });
  } catch {
    return JSON.stringify({ name });
  }
}
