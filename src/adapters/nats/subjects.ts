import type { Role } from "../../core/affordances.ts";

/** First token of every subject of this package. */
const ROOT = "thingscope";
/** An empty segment of a path, since no token may be empty. */
const EMPTY = "~";
const METHODS = new Set(["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"]);
const CLOCK = "clock";
const CLOSED = "closed";
/** Signs of a path that NATS reads in its own way, or that stand for an empty segment. */
const RESERVED = /[.*>~\s]/g;
/** Those signs, as they stand in a subject. */
const ESCAPED = /%(2E|2A|3E|7E|20|9|A|B|C|D)/g;

/** What a client of a fleet may do by a subject: the broker's permissions decide who may use it. */
export type SubjectRole = Extract<Role, "view" | "operate">;

/** One member of a fleet, by name. */
export interface MemberName {
  readonly fleet: string;
  readonly member: string;
}

/**
 * The subject of a request: its method and path, with a token for each segment. GET of `/camera/exposure` is
 * `thingscope.FLEET.MEMBER.view.GET.camera.exposure`.
 * @param path - As in a URL, with its escapes.
 */
export function requestSubject(
  { fleet, member }: MemberName,
  method: string,
  path: string,
  role: SubjectRole = method === "GET" ? "view" : "operate",
): string {
  const tokens = path.slice(1).split("/").map(tokenOf);
  return [ROOT, fleet, member, role, method, ...tokens].join(".");
}

/** All requests that a member answers. */
export function requestSubjects({ fleet, member }: MemberName, role: SubjectRole): string {
  return [ROOT, fleet, member, role, ">"].join(".");
}

/** The subject on which a member renews its lease; an empty message says that it leaves. */
export function leaseSubject({ fleet, member }: MemberName): string {
  return [ROOT, fleet, member, "tell", EMPTY].join(".");
}

/** Those of all members. */
export function leaseSubjects(fleet: string): string {
  return leaseSubject({ fleet, member: "*" });
}

/** The member whose subject it is. */
export function memberIn(subject: string): string {
  return subject.split(".")[2] ?? "";
}

/** Who comes asks here who is there: each member renews its lease then. No member can have this name. */
export function rollCallSubject(fleet: string): string {
  return [ROOT, fleet, EMPTY, "view", "present"].join(".");
}

/** Where a member says what time it is there. */
export function clockSubject({ fleet, member }: MemberName): string {
  return [ROOT, fleet, member, "view", CLOCK].join(".");
}

export function isClock(subject: string): boolean {
  const [, , , , last, ...more] = subject.split(".");
  return last === CLOCK && more.length === 0;
}

/** Method and path of a request's subject; undefined of any other subject. */
export function requestIn(
  subject: string,
): { readonly method: string; readonly path: string } | undefined {
  const [, , , , method, ...tokens] = subject.split(".");
  if (method === undefined || !METHODS.has(method) || tokens.length === 0) return undefined;
  return { method, path: `/${tokens.map(segmentOf).join("/")}` };
}

/** The subject on which a member tells of a property's new values, or of an event. */
export function tellSubject(
  { fleet, member }: MemberName,
  thing: string,
  kind: "properties" | "events",
  name: string,
): string {
  return [ROOT, fleet, member, "tell", tokenOf(thing), kind, tokenOf(name)].join(".");
}

/** The subjects on which a member tells of all properties of a Thing, or of all its events. */
export function tellSubjects(
  member: MemberName,
  thing: string,
  kind: "properties" | "events",
): string {
  return `${tellsOf(member)}${tokenOf(thing)}.${kind}.>`;
}

/** The subject on which a member tells that a Thing was closed and taken out, or is another from now on. */
export function closedSubject(member: MemberName, thing: string): string {
  return `${tellsOf(member)}${tokenOf(thing)}.${CLOSED}`;
}

/** The same, for the Thing of which is told on a subject. */
export function closedSubjectOf(told: string): string {
  return [...told.split(".").slice(0, 5), CLOSED].join(".");
}

/** What all subjects begin with on which a member tells something. */
export function tellsOf({ fleet, member }: MemberName): string {
  return `${[ROOT, fleet, member, "tell"].join(".")}.`;
}

/** The property or event of which is told on a subject. */
export function affordanceIn(subject: string): string {
  const token = subject.slice(subject.lastIndexOf(".") + 1);
  return token.replace(ESCAPED, (_, code) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** Where tickets of a work queue are, and where workers say what became of them. */
export function workSubject(
  { fleet, member }: MemberName,
  queue: string,
  kind: "tickets" | "reports",
): string {
  return [ROOT, fleet, member, "work", queue, kind].join(".");
}

/** A subject of a member's own, for a stream with which it tries whether JetStream has room. */
export function trialSubject({ fleet, member }: MemberName): string {
  return [ROOT, fleet, member, "room"].join(".");
}

function tokenOf(segment: string): string {
  if (segment === "") return EMPTY;
  return segment.replace(RESERVED, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function segmentOf(token: string): string {
  return token === EMPTY ? "" : token;
}
