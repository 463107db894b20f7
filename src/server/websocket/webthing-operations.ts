import { ThingError, unknownAffordance } from "../../base/errors.ts";
import type { Role } from "../../core/affordances.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { InvocationRecord } from "../../core/invocation.ts";
import type { Invocations } from "../../core/invocations.ts";
import type { BlobStore } from "../../files/blob-store.ts";
import { covers } from "../http/identity.ts";
import { cursorAfter, idInUuid } from "../notifications/notification-ids.ts";
import {
  type NotificationLog,
  type NotificationLogs,
  onlyLog,
} from "../notifications/notification-log.ts";
import type { NotificationReader } from "../notifications/notification-reader.ts";
import type { ThingNotifications } from "../notifications/thing-notifications.ts";
import { runsByAction } from "../things/invocation-json.ts";
import { type ReadProperties, readableProperties } from "../things/properties.ts";
import {
  actionStatus,
  errorMember,
  textMember,
  type WebThingRequest,
} from "./webthing-messages.ts";

/** What a client follows a property or an event for. */
export interface Subscription {
  readonly kind: "property" | "event";
  /** What asked for it: its operation and correlation are those of the notifications. */
  readonly request: WebThingRequest;
}

/** A Thing as one client has it. */
export interface WebThing extends WebThingSessionOptions {
  /** The last subscription to one log wins. */
  readonly subscriptions: NotificationReader<Subscription>;
  /** Aborts when the client has gone. */
  readonly gone: AbortSignal;
  /** Tells the client of each change of an invocation. */
  follow(record: InvocationRecord, request: WebThingRequest): void;
}

interface Operation {
  /** Who may. */
  readonly role: Role;
  /** Its answer grows with what others do: it takes turns with other such answers. */
  readonly large?: boolean;
  /** @returns The members of the response. */
  perform(thing: WebThing, request: WebThingRequest): object | Promise<object>;
}

/** Every operation of Thing Descriptions that this protocol has, by name. */
export const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["readproperty", viewing(readProperty)],
  ["writeproperty", operating(writeProperty)],
  ["readallproperties", large(viewing(readAll))],
  ["readmultipleproperties", large(viewing(readMultiple))],
  ["writeallproperties", operating(writeAll)],
  ["writemultipleproperties", operating(writeMultiple)],
  ["observeproperty", viewing(observe)],
  ["unobserveproperty", viewing(unobserve)],
  ["observeallproperties", viewing(observeAll)],
  ["unobserveallproperties", viewing((thing) => leave(thing, "property"))],
  ["invokeaction", operating(invoke)],
  ["queryaction", viewing(query)],
  ["cancelaction", operating(cancel)],
  ["queryallactions", large(viewing(queryAll))],
  ["subscribeevent", viewing(subscribe)],
  ["unsubscribeevent", viewing(unsubscribe)],
  ["subscribeallevents", viewing(subscribeAll)],
  ["unsubscribeallevents", viewing((thing) => leave(thing, "event"))],
]);

function viewing(perform: Operation["perform"]): Operation {
  return { role: "view", perform };
}

function operating(perform: Operation["perform"]): Operation {
  return { role: "operate", perform };
}

function large(operation: Operation): Operation {
  return { ...operation, large: true };
}

async function readAll({ hosted, gone }: WebThing): Promise<object> {
  return told(await readableProperties(hosted, undefined, gone));
}

async function readProperty(thing: WebThing, request: WebThingRequest): Promise<object> {
  const { hosted, gone } = thing;
  return { value: (await hosted.readProperty(textMember(request, "name"), gone)) ?? null };
}

async function writeProperty({ hosted }: WebThing, request: WebThingRequest): Promise<object> {
  const name = textMember(request, "name");
  if (!("value" in request.members)) throw bad("'value' is missing.");
  await hosted.writeProperty(name, request.members.value);
  return { value: (await hosted.readProperty(name)) ?? null };
}

async function readMultiple(thing: WebThing, { members }: WebThingRequest): Promise<object> {
  const { hosted, gone } = thing;
  const { names } = members;
  const areNames = Array.isArray(names) && names.every((name) => typeof name === "string");
  if (!areNames || names.length === 0) throw bad("'names' must be a list of names of properties.");
  const read = await readableProperties(hosted, [...new Set(names)], gone).catch((error) => {
    const isUnknown = error instanceof ThingError && error.code === "UNKNOWN_AFFORDANCE";
    throw isUnknown ? bad(error.message) : error;
  });
  return told(read);
}

/** Properties that could not be read have their problems in `errors`, by name. */
function told({ values, problems }: ReadProperties): object {
  const errors = Object.entries(problems).map(([name, error]) => [name, errorMember(error)]);
  return { values, ...(errors.length > 0 && { errors: Object.fromEntries(errors) }) };
}

async function writeMultiple({ hosted }: WebThing, { members }: WebThingRequest): Promise<object> {
  const { values } = members;
  if (values === undefined || Object.keys(Object(values)).length === 0)
    throw bad("'values' must be an object of new values by the name of the property.");
  await hosted.writeProperties(values);
  return told(await readableProperties(hosted, Object.keys(Object(values))));
}

async function writeAll(thing: WebThing, request: WebThingRequest): Promise<object> {
  const given = Object(request.members.values);
  const writable = [...thing.hosted.model.properties.values()].filter(({ readOnly }) => !readOnly);
  const missing = writable.filter(({ name }) => !Object.hasOwn(given, name));
  if (missing.length === 0) return writeMultiple(thing, request);
  throw bad(`'values' lacks ${missing.map(({ name }) => name).join(", ")}.`);
}

function observe(thing: WebThing, request: WebThingRequest): object {
  return follow(thing, "property", request, onlyLog(observed(thing, request)));
}

function unobserve(thing: WebThing, request: WebThingRequest): object {
  thing.subscriptions.leave(observed(thing, request));
  return {};
}

function observeAll(thing: WebThing, request: WebThingRequest): object {
  return follow(thing, "property", request, thing.notifications.allProperties());
}

function subscribe(thing: WebThing, request: WebThingRequest): object {
  return follow(thing, "event", request, onlyLog(subscribed(thing, request)));
}

function unsubscribe(thing: WebThing, request: WebThingRequest): object {
  thing.subscriptions.leave(subscribed(thing, request));
  return {};
}

function subscribeAll(thing: WebThing, request: WebThingRequest): object {
  return follow(thing, "event", request, thing.notifications.allEvents(thing.role));
}

/** From the last notification that the client says it had, else from now on. An id that is not ours is ignored. */
function follow(
  { notifications, subscriptions }: WebThing,
  kind: Subscription["kind"],
  request: WebThingRequest,
  logs: NotificationLogs,
): object {
  const { lastNotificationID: last } = request.members;
  const id = typeof last === "string" ? idInUuid(last) : undefined;
  const { present } = notifications;
  const after = id === undefined ? present : cursorAfter(id, present);
  subscriptions.followAll(logs, after, { kind, request });
  return {};
}

function leave({ subscriptions }: WebThing, kind: Subscription["kind"]): object {
  subscriptions.leaveAll((subscription) => subscription.kind === kind);
  return {};
}

async function invoke(thing: WebThing, request: WebThingRequest): Promise<object> {
  const name = textMember(request, "name");
  const { hosted, blobs, gone } = thing;
  const action = hosted.model.actions.get(name);
  const { input } = request.members;
  const resolved = action?.input && blobs ? blobs.resolve(input, action.input) : input;
  const record = hosted.invoke(name, resolved);
  void record.ended.then(() => blobs?.retain(record.output));
  if (!action?.synchronous) {
    thing.follow(record, request);
    return { status: actionStatus(record) };
  }
  const cancelled = () => record.finished || record.isShared || record.cancel();
  gone.addEventListener("abort", cancelled, { once: true });
  await record.ended;
  gone.removeEventListener("abort", cancelled);
  if (record.error) throw record.error;
  return record.output === undefined && !action.output ? {} : { output: record.output ?? null };
}

function query(thing: WebThing, request: WebThingRequest): object {
  const record = invocation(thing, request);
  return { name: record.action, status: actionStatus(record) };
}

function cancel(thing: WebThing, request: WebThingRequest): object {
  invocation(thing, request).cancel();
  return {};
}

function queryAll({ hosted, invocations }: WebThing): object {
  return { statuses: runsByAction(hosted, invocations, actionStatus) };
}

/** @throws {ThingError} `NOT_FOUND`, also for an invocation of another Thing. */
function invocation({ hosted, invocations }: WebThing, request: WebThingRequest): InvocationRecord {
  const record = invocations.get(textMember(request, "actionID"));
  if (record.thing === hosted.name) return record;
  throw new ThingError("NOT_FOUND", `Thing '${hosted.name}' has no invocation ${record.id}.`);
}

function observed({ hosted, notifications }: WebThing, request: WebThingRequest): NotificationLog {
  const name = textMember(request, "name");
  const { properties } = hosted.model;
  const property = properties.get(name);
  if (!property) throw unknownAffordance(hosted.name, "property", name, properties.keys());
  if (property.observable) return notifications.property(name);
  throw bad(`The property '${name}' does not announce its changes. Read it when you need it.`);
}

/** @throws {ThingError} `FORBIDDEN` for an event that is not for the client's role. */
function subscribed({ notifications, role }: WebThing, request: WebThingRequest): NotificationLog {
  const name = textMember(request, "name");
  const wanted = notifications.roleFor(name);
  if (covers(role, wanted)) return notifications.event(name);
  throw new ThingError(
    "FORBIDDEN",
    `The event '${name}' requires the role ${wanted}. Open the WebSocket with a login of that role.`,
  );
}

function bad(sentence: string): ThingError {
  return new ThingError("BAD_ARGUMENT", sentence);
}

/** What a client of the Web Thing Protocol talks to, and what it may. */
export interface WebThingSessionOptions {
  readonly hosted: HostedThing;
  /** The `id` of its description. */
  readonly thingID: string;
  readonly invocations: Invocations;
  readonly notifications: ThingNotifications;
  readonly blobs: BlobStore | undefined;
  /** What links to blobs begin with. */
  readonly base: string;
  /** Whether the client may write and invoke. */
  readonly mayOperate: boolean;
  /** Events that are for others it is not told. */
  readonly role: Role;
}
