import type { RawData, WebSocket } from "ws";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { problemOf } from "../http/problem.ts";
import {
  actionStatus,
  notFound,
  notObservable,
  type ObservationRequest,
  propertyProblem,
  propertyStatus,
  requestIn,
} from "./labthings-messages.ts";
import { SocketSession } from "./session.ts";

/** One client that observes properties and actions of one Thing, in LabThings' messages. */
export class ObserverSession extends SocketSession {
  readonly #hosted: HostedThing;
  readonly #log: Log;
  readonly #properties = new Set<string>();
  readonly #actions = new Set<string>();

  constructor(socket: WebSocket, hosted: HostedThing, log: Log) {
    super(socket);
    this.#hosted = hosted;
    this.#log = log;
    const stops = [
      hosted.onChange((name, value) => this.#propertyChanged(name, value)),
      hosted.onPropertyFault((name, error) => this.#propertyFailed(name, error)),
      hosted.onInvocation(({ id, action, status }) => this.#actionChanged(action, id, status)),
    ];
    socket.on("close", () => {
      for (const stop of stops) stop();
    });
  }

  protected override receive(data: RawData, isBinary: boolean): void {
    const request = requestIn(data, isBinary);
    if (typeof request === "string") this.answer(request);
    else for (const name of request.names) this.#observe(request.kind, name);
  }

  #observe(kind: ObservationRequest["kind"], name: string): void {
    const { properties, actions } = this.#hosted.model;
    const property = kind === "property" ? properties.get(name) : undefined;
    if (kind === "property" && property && !property.observable) this.answer(notObservable(name));
    else if (property) this.#properties.add(name);
    else if (kind === "action" && actions.has(name)) this.#actions.add(name);
    else this.answer(notFound(kind, name));
  }

  #propertyChanged(name: string, value: unknown): void {
    if (!this.#properties.has(name)) return;
    this.outbox.send(`property ${name}`, () => this.#written(name, value));
  }

  #propertyFailed(name: string, error: unknown): void {
    if (!this.#properties.has(name)) return;
    this.outbox.send(`property ${name}`, () => propertyProblem(name, problemOf(error)));
  }

  #actionChanged(action: string, invocation: string, status: string): void {
    if (!this.#actions.has(action)) return;
    this.outbox.send(`invocation ${invocation}`, () => actionStatus(action, status));
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
}
