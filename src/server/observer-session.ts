import type { WebSocket } from "ws";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { HostedThing } from "../core/hosted-thing.ts";
import {
  actionStatus,
  notFound,
  notObservable,
  type ObservationRequest,
  propertyStatus,
  requestIn,
} from "./labthings-messages.ts";
import { Outbox } from "./outbox.ts";
import { RateLimit } from "./rate-limit.ts";

/** WebSocket close codes, RFC 6455. */
const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;
/** What a client has, after it was told to close, before it is cut off. */
const CLOSE_MS = 2000;
const MESSAGE_RATE = { burst: 200, perSecond: 100 } as const;

/** One client that observes properties and actions of one Thing, in LabThings' messages. */
export class ObserverSession {
  readonly outbox: Outbox;
  /** Why the server ended it, if it did. */
  endedFor: string | undefined;
  readonly #socket: WebSocket;
  readonly #hosted: HostedThing;
  readonly #log: Log;
  readonly #rate = new RateLimit(MESSAGE_RATE);
  readonly #properties = new Set<string>();
  readonly #actions = new Set<string>();
  #answers = 0;
  #answeredPing = true;

  constructor(socket: WebSocket, hosted: HostedThing, log: Log) {
    this.#socket = socket;
    this.#hosted = hosted;
    this.#log = log;
    this.outbox = new Outbox(socket, () => this.end(TRY_AGAIN_LATER, "You read too slowly."));
    const stops = [
      hosted.onChange((name, value) => this.#propertyChanged(name, value)),
      hosted.onInvocation(({ id, action, status }) => this.#actionChanged(action, id, status)),
    ];
    socket.on("message", (data, isBinary) => {
      if (this.#mayGoOn()) this.#receive(requestIn(data, isBinary));
    });
    socket.on("ping", () => this.#mayGoOn());
    socket.on("pong", () => {
      this.#answeredPing = true;
    });
    socket.on("close", () => {
      for (const stop of stops) stop();
    });
  }

  /** Asks whether the client is still there, and cuts off one that has not answered the last time. */
  ping(): void {
    if (this.#answeredPing) {
      this.#answeredPing = false;
      this.#socket.ping();
    } else {
      this.endedFor ??= "It did not answer a ping.";
      this.#socket.terminate();
    }
  }

  /** Closes with a code and a sentence, and cuts the client off if it does not close in turn. */
  end(code: number, reason: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.endedFor = reason;
    this.#socket.close(code, reason);
    const cut = setTimeout(() => this.#socket.terminate(), CLOSE_MS);
    this.#socket.once("close", () => clearTimeout(cut));
  }

  #receive(request: ObservationRequest | string): void {
    if (typeof request === "string") this.#answer(request);
    else for (const name of request.names) this.#observe(request.kind, name);
  }

  #observe(kind: ObservationRequest["kind"], name: string): void {
    const { properties, actions } = this.#hosted.model;
    const property = kind === "property" ? properties.get(name) : undefined;
    if (kind === "property" && property && !property.observable) this.#answer(notObservable(name));
    else if (property) this.#properties.add(name);
    else if (kind === "action" && actions.has(name)) this.#actions.add(name);
    else this.#answer(notFound(kind, name));
  }

  #propertyChanged(name: string, value: unknown): void {
    if (!this.#properties.has(name)) return;
    this.outbox.send(`property ${name}`, () => this.#written(name, value));
  }

  #actionChanged(action: string, invocation: string, status: string): void {
    if (!this.#actions.has(action)) return;
    this.outbox.send(`invocation ${invocation}`, () => actionStatus(action, status));
  }

  /** Errors answer one request each, so none takes another's place. */
  #answer(message: string): void {
    this.#answers += 1;
    this.outbox.send(`answer ${this.#answers}`, () => message);
  }

  /** A Thing that sets a property must not fail because its value cannot be written as JSON. */
  #written(name: string, value: unknown): string {
    try {
      return propertyStatus(name, value);
    } catch (error) {
      this.#log.error(
        `The value of '${name}' of '${this.#hosted.name}' is not JSON: ${messageOf(error)}`,
      );
      return propertyStatus(name, null);
    }
  }

  #mayGoOn(): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#rate.take()) return true;
    this.end(
      POLICY_VIOLATION,
      `More than ${MESSAGE_RATE.perSecond} messages a second are too many.`,
    );
    return false;
  }
}
