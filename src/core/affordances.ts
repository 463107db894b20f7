import "./metadata.ts";
import type { TSchema } from "typebox";
import type { ThingEvent } from "./event.ts";
import type { Invocation } from "./running.ts";
import { memberOf } from "./setters.ts";

/** A class of Things, or of anything that a Thing is connected to. */
export type ThingClass<T extends object = object> = abstract new (...args: never[]) => T;

/**
 * What a client of one role may do: `push` sends pictures and nothing else, `view` reads, `operate` does both, writes and invokes, `admin`
 * everything.
 */
export const ROLES = ["push", "view", "operate", "admin"] as const;
export type Role = (typeof ROLES)[number];

interface Named {
  /** On the wire: the last part of the URL and the key in the Thing Description. */
  readonly name: string;
  /** The member of the class that it stands for. */
  readonly member: string;
  readonly title?: string;
  readonly description: string;
  /** What it is in the words of a vocabulary: `@type` in the Thing Description. */
  readonly types?: readonly string[];
}

export interface PropertyAffordance extends Named {
  readonly kind: "property";
  readonly schema: TSchema;
  /** Kept on disk. */
  readonly saved: boolean;
  readonly readOnly: boolean;
  /** Changes are announced: always for an accessor; for a getter when its class calls `changed(name)`. */
  readonly observable: boolean;
  /** Has an initial value that `reset` brings back. */
  readonly resettable: boolean;
  /** The method that sets it, where that is no setter. */
  readonly setter?: string;
  /** The method that reads it, where that is not the getter. */
  readonly getter?: string;
  /** How long the Thing may take to read or set it, ms. */
  readonly withinMs?: number;
  /** Of a property that the Thing has added itself: no member stands for it. */
  readonly own?: OwnAccess;
  readonly useGlobalLock: boolean;
}

/** How a property is read and set that no member stands for. */
export interface OwnAccess {
  read(signal: AbortSignal): unknown;
  write?(value: unknown, signal: AbortSignal): unknown;
  /** What `reset` writes, if it can be reset. */
  readonly initial?: unknown;
}

/** Whether reading a property takes a question to the Thing's device, and not a look at a member. */
export function asksDevice({ own, getter }: PropertyAffordance): boolean {
  return own !== undefined || getter !== undefined;
}

export interface ActionAffordance extends Named {
  readonly kind: "action";
  readonly input?: TSchema;
  readonly output?: TSchema;
  readonly safe: boolean;
  readonly idempotent: boolean;
  /** Its answer waits until it has ended, and is its output. */
  readonly synchronous: boolean;
  /** It stops, cancels or releases something, always or with some inputs: it is never refused for lack of room. */
  readonly releases?: boolean | ((input: unknown) => boolean) | undefined;
  /** How long a finished invocation can still be read, seconds. */
  readonly retentionSeconds: number;
  readonly useGlobalLock: boolean;
  /** Of an action that the Thing has added itself. */
  readonly run?: (input: unknown, invocation: Invocation) => unknown;
}

export interface EventAffordance extends Named {
  readonly kind: "event";
  readonly data?: TSchema;
  /** Who may be told of it: `view` when absent. */
  readonly role?: Role;
  /** Of an event that the Thing has added itself. */
  readonly emitter?: ThingEvent<unknown>;
}

export interface StreamAffordance extends Named {
  readonly kind: "stream";
}

export interface SlotAffordance extends Named {
  readonly kind: "slot";
  readonly type: ThingClass;
  /** Names of the Things to connect unless the configuration says otherwise; by type when absent. */
  readonly by?: string | readonly string[];
  readonly optional: boolean;
  readonly many: boolean;
}

export interface FilesAffordance extends Named {
  readonly kind: "files";
  /** Who may fetch them. */
  readonly role: Role;
}

/** How an endpoint takes what a client sends: as one JSON value, as bytes while they come, or as messages of a WebSocket. */
export type EndpointBody = "json" | "bytes" | "messages";

export interface EndpointAffordance extends Named {
  readonly kind: "endpoint";
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Below the Thing's own path; `:name` stands for one segment. */
  readonly path: string;
  readonly role: Role;
  /** `json` when absent. */
  readonly body?: EndpointBody;
}

/** Anything that a class offers to its clients, its host or its neighbours. */
export type Affordance =
  | PropertyAffordance
  | ActionAffordance
  | EventAffordance
  | StreamAffordance
  | SlotAffordance
  | FilesAffordance
  | EndpointAffordance;

const DECLARED = Symbol("affordances");

type Metadata = Record<PropertyKey, unknown>;

/** Notes an affordance in a class's decorator metadata. A subclass never changes its parent's list. */
export function declare(
  metadata: DecoratorMetadataObject | undefined,
  affordance: Affordance,
): void {
  if (!metadata) {
    throw new TypeError(
      "Symbol.metadata did not exist when this class was created. Import 'thingscope' before any file with decorators, and leave 'experimentalDecorators' off.",
    );
  }
  const own = metadata as Metadata;
  if (!Object.hasOwn(own, DECLARED))
    own[DECLARED] = new Map(own[DECLARED] as Map<string, Affordance>);
  (own[DECLARED] as Map<string, Affordance>).set(affordance.member, affordance);
}

/**
 * The affordances of a Thing class in order of declaration, inherited ones first. A class without decorators
 * lists its own in a static `affordances` array.
 */
export function affordancesOf(thingClass: ThingClass): Affordance[] {
  const metadata = (thingClass as unknown as Metadata)[Symbol.metadata] as Metadata | undefined;
  const declared = metadata?.[DECLARED] as Map<string, Affordance> | undefined;
  const listed = (thingClass as { affordances?: readonly Affordance[] }).affordances ?? [];
  return [...(declared?.values() ?? []), ...listed].map((affordance) =>
    isProperty(affordance) ? withWritability(thingClass, affordance) : affordance,
  );
}

/** What is listed by hand may be anything; it is checked when a Thing is added. */
function isProperty(listed: Affordance): listed is PropertyAffordance {
  try {
    return listed.kind === "property" && typeof listed.member === "string";
  } catch {
    return false;
  }
}

/** A getter is read-only until the class, or one that it extends, has a setter of that name. */
function withWritability(thingClass: ThingClass, property: PropertyAffordance): PropertyAffordance {
  if (property.readOnly || property.setter !== undefined) return property;
  const found = memberOf(thingClass.prototype, property.member);
  return found ? { ...property, readOnly: found.descriptor.set === undefined } : property;
}
