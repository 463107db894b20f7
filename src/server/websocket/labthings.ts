import type { RawData, WebSocket } from "ws";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { isRecord } from "../../base/values.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { parseJson } from "../http/json.ts";
import { type Problem, problemOf } from "../http/problem.ts";
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

/** What a client asks for over `/{thing}/ws`. */
interface ObservationRequest {
  readonly kind: "property" | "action";
  readonly names: readonly string[];
}

const ERRORS = "https://w3c.github.io/web-thing-protocol/errors#";
/** Each may have an error of its own for an answer. */
const MOST_NAMES = 200;
/** What is repeated of a name that the Thing does not have. */
const MOST_CHARACTERS = 256;
const KINDS: ReadonlyMap<unknown, ObservationRequest["kind"]> = new Map([
  ["addPropertyObservation", "property"],
  ["addActionObservation", "action"],
]);

/** A client's message, or the error message that answers one that cannot be used. */
function requestIn(data: RawData, isBinary: boolean): ObservationRequest | string {
  if (isBinary) return badRequest("Messages are JSON in text frames; this one was binary.");
  const json = parseJson(data.toString());
  if ("errorAt" in json)
    return badRequest(`The message is not JSON: the error is at character ${json.errorAt}.`);
  const { messageType, data: wanted } = { ...objectIn(json.value) };
  const kind = KINDS.get(messageType);
  if (kind === undefined)
    return badRequest(`'messageType' must be one of: ${[...KINDS.keys()].join(", ")}.`);
  const names = objectIn(wanted);
  if (names === undefined)
    return badRequest("'data' must be an object with a member for each name to observe.");
  if (Object.keys(names).length > MOST_NAMES)
    return badRequest(`'data' has more than ${MOST_NAMES} names. Send fewer at a time.`);
  return { kind, names: Object.keys(names) };
}

function propertyStatus(name: string, value: unknown): string {
  return JSON.stringify({ messageType: "propertyStatus", data: { [name]: value ?? null } });
}

/** Instead of a value: the property has changed and cannot be read. */
function propertyProblem(name: string, { status, code, title, detail }: Problem): string {
  return response({
    operation: operationOf("property"),
    name,
    status: String(status),
    fragment: code.toLowerCase().replaceAll("_", "-"),
    title,
    detail,
  });
}

/** LabThings' key for the action really has a space in it, and there is no invocation id. */
function actionStatus(name: string, status: string): string {
  return JSON.stringify({ messageType: "actionStatus", data: { "action name": name, status } });
}

/** For a name that the Thing does not have. */
function notFound(kind: ObservationRequest["kind"], name: string): string {
  const affordance = kind === "property" ? "property" : "action";
  return response({
    operation: operationOf(kind),
    name: name.slice(0, MOST_CHARACTERS),
    status: "404",
    fragment: "not-found",
    title: "Not Found",
    detail: `No ${affordance} found with the name '${name.slice(0, MOST_CHARACTERS)}'.`,
  });
}

/** For a property that does not announce its changes. */
function notObservable(name: string): string {
  return response({
    operation: operationOf("property"),
    name,
    status: "403",
    fragment: "not-observable",
    title: "Not Observable",
    detail: `The property '${name}' does not announce its changes. Read it when you need it.`,
  });
}

function badRequest(detail: string): string {
  return response({ status: "400", fragment: "bad-request", title: "Bad Request", detail });
}

function operationOf(kind: ObservationRequest["kind"]): string {
  return `observe${kind}`;
}

function response({
  operation,
  name,
  fragment,
  status,
  title,
  detail,
}: {
  operation?: string;
  name?: string;
  fragment: string;
  status: string;
  title: string;
  detail: string;
}): string {
  const error = { status, type: ERRORS + fragment, title, detail };
  return JSON.stringify({ messageType: "response", operation, name, error });
}

function objectIn(value: unknown): Record<string, unknown> | undefined {
  return isRecord(value) ? { ...value } : undefined;
}
