import type { RawData, WebSocket } from "ws";
import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";
import type { InvocationRecord } from "../../core/invocation.ts";
import { blobReplacer } from "../../files/blob-store.ts";
import { largeAnswers } from "../http/answer-queue.ts";
import { uuidOf } from "../notifications/notification-ids.ts";
import { type Due, NotificationReader } from "../notifications/notification-reader.ts";
import { SocketSession } from "./session.ts";
import {
  actionStatus,
  correlationIn,
  envelope,
  errorMember,
  errorOf,
  isShort,
  requestIn,
  type WebThingRequest,
} from "./webthing-messages.ts";
import type { Subscription, WebThingSessionOptions } from "./webthing-operations.ts";
import { OPERATIONS, type WebThing } from "./webthing-operations.ts";

/** While more bytes than this are on their way, notifications wait where they are held anyway. */
const MAX_UNSENT_BYTES = 64 * 1024;

/**
 * One client that speaks the Web Thing Protocol with one Thing.
 * @see Web Thing Protocol, WebSocket Sub-protocol, Draft Community Group Report of November 2025.
 */
export class WebThingSession extends SocketSession {
  readonly #thing: WebThing;
  readonly #options: WebThingSessionOptions;
  readonly #subscriptions: NotificationReader<Subscription>;
  readonly #gone = new AbortController();
  #isScheduled = false;

  constructor(socket: WebSocket, options: WebThingSessionOptions) {
    super(socket);
    this.#options = options;
    this.#subscriptions = new NotificationReader(options.role, () => this.#schedule());
    this.#thing = {
      ...options,
      subscriptions: this.#subscriptions,
      gone: this.#gone.signal,
      follow: (record, request) => this.#follow(record, request),
    };
    socket.on("close", () => {
      this.#gone.abort();
      this.#subscriptions.leaveAll();
    });
  }

  protected override receive(data: RawData, isBinary: boolean): void {
    let request: WebThingRequest;
    try {
      request = requestIn(data, isBinary, this.#options.thingID);
    } catch (error) {
      this.#reply(correlationIn(data), { error: errorMember(error) });
      return;
    }
    void this.#perform(request);
  }

  async #perform(request: WebThingRequest): Promise<void> {
    const { name, actionID } = request.members;
    const about = {
      ...(isShort(name) && { name }),
      ...(isShort(actionID) && { actionID }),
    };
    try {
      const operation = OPERATIONS.get(request.operation);
      if (!operation) throw unknownOperation(request.operation);
      if (operation.role === "operate" && !this.#options.mayOperate) throw forbidden(request);
      if (operation.large) await this.whileUnread(largeAnswers.turn(this));
      this.#reply(request, { ...about, ...(await operation.perform(this.#thing, request)) });
    } catch (error) {
      this.#reply(request, { ...about, error: errorMember(error) });
    }
    this.#schedule();
  }

  #reply(request: Partial<WebThingRequest>, members: object): void {
    const { thingID } = this.#options;
    this.answer(this.#written({ ...envelope(thingID, "response", request), ...members }));
  }

  /** Tells each change of an invocation that this client has begun; the newest, when it is behind. */
  #follow(record: InvocationRecord, request: WebThingRequest): void {
    const { hosted, thingID } = this.#options;
    let isDue = false;
    const tell = () => {
      isDue = false;
      this.outbox.send(`invocation ${record.id}`, () =>
        this.#written({
          ...envelope(thingID, "notification", request),
          name: record.action,
          status: actionStatus(record),
        }),
      );
    };
    const stop = hosted.onInvocation((changed) => {
      if (changed !== record) return;
      if (record.finished) leave();
      // Behind the answer to the request, and when a file that is its output has an address.
      if (!isDue) setImmediate(tell);
      isDue = true;
    });
    const leave = () => {
      stop();
      this.#gone.signal.removeEventListener("abort", leave);
    };
    this.#gone.signal.addEventListener("abort", leave);
  }

  /** A burst of notifications is sent together, after the Thing's own code has gone on. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#sendDue();
    });
  }

  #sendDue(): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.#subscriptions.missed > 0) {
      this.endSlow();
      return;
    }
    while (this.outbox.isEmpty && this.socket.bufferedAmount < MAX_UNSENT_BYTES) {
      const due = this.#subscriptions.next();
      if (!due) return;
      this.socket.send(this.#notificationOf(due), () => this.#schedule());
    }
  }

  /** The value is JSON already. */
  #notificationOf({ notification, about: { kind, request } }: Due<Subscription>): string {
    const { stamp, id, name, data, problem } = notification;
    const { thingID } = this.#options;
    const head = JSON.stringify({
      ...envelope(thingID, "notification", request),
      messageID: uuidOf(stamp),
      timestamp: id,
      name,
      ...(problem && { error: errorOf(problem) }),
    });
    if (problem || data === undefined) return head;
    return `${head.slice(0, -1)},"${kind === "property" ? "value" : "data"}":${data}}`;
  }

  #written(message: object): string {
    return JSON.stringify(
      message,
      blobReplacer(() => this.#options.base),
    );
  }
}

function unknownOperation(operation: string): ThingError {
  const known = [...OPERATIONS.keys()].join(", ");
  return new ThingError(
    "BAD_ARGUMENT",
    `There is no operation '${quoted(operation)}'. The operations are: ${known}.`,
  );
}

function forbidden({ operation }: WebThingRequest): ThingError {
  return new ThingError(
    "FORBIDDEN",
    `'${quoted(operation)}' requires the role operate. Open the WebSocket with a login of that role.`,
  );
}
