import { isDeepStrictEqual } from "node:util";
import {
  type ErrorCode,
  type InputFault,
  messageOf,
  ThingError,
  unknownAffordance,
} from "../base/errors.ts";
import { isRecord } from "../base/values.ts";
import type { PropertyAffordance } from "./affordances.ts";
import { sentenceOf } from "./faults.ts";
import type { PropertyAccess } from "./property-access.ts";
import type { PropertyWrites, WriteWatch } from "./property-writes.ts";
import { incoming } from "./schema.ts";
import type { ThingSettings } from "./thing-settings.ts";

/** A value that fits the schema of its property. */
interface Change {
  readonly property: PropertyAffordance;
  readonly value: unknown;
}

/** The ways to the properties of one Thing. */
interface Ways {
  readonly access: PropertyAccess;
  readonly writes: PropertyWrites;
  readonly settings: ThingSettings;
}

/**
 * New values by property name, found good, in their order.
 * @throws {ThingError} `UNKNOWN_AFFORDANCE`; `INVALID_INPUT` with each fault of each value.
 */
export function acceptedValues(
  thing: string,
  properties: ReadonlyMap<string, PropertyAffordance>,
  values: unknown,
): Change[] {
  if (!isRecord(values)) throw notAnObject();
  const changes = Object.entries(values).map(([name, value]) => {
    const property = properties.get(name);
    if (!property) throw unknownAffordance(thing, "property", name, properties.keys());
    const { schema, readOnly } = property;
    if (readOnly) return { property, value, faults: [readOnlyFault(name, value)] };
    return { property, ...incoming(schema, value, { root: ["body", name] }) };
  });
  const faults = changes.flatMap((change) => change.faults);
  if (faults.length > 0) throw unfit(thing, faults);
  return changes;
}

/**
 * Sets one after the other and saves; when one fails, or saving does, those that were set get their old values back.
 * @throws {ThingError} with the code of what failed, saying what was restored and what was not.
 */
export function writeMultiple(
  thing: string,
  changes: readonly Change[],
  ways: Ways,
): Promise<void> {
  return ways.writes.watching((watch) => writeAll(thing, changes, { ...ways, watch }));
}

async function writeAll(
  thing: string,
  changes: readonly Change[],
  { access, writes, settings, watch }: Ways & { readonly watch: WriteWatch },
): Promise<void> {
  const before: Before[] = [];
  for (const { property } of changes) before.push(await readBefore(property, access));
  const isSaved = changes.some(({ property }) => property.saved);
  let at = 0;
  try {
    for (; at < changes.length; at++)
      await writes.write(changes[at]!.property, changes[at]!.value, "client", watch);
    if (isSaved) await settings.save();
  } catch (cause) {
    const failed = before[at];
    // A setter may fail halfway, with the new value in place.
    const isHalfSet = failed && (await hasChanged(failed, access));
    const changed = before.slice(0, isHalfSet ? at + 1 : at);
    const result = await restored(changed, writes, watch);
    if (isSaved && failed) settings.saveLater(); // what others saved meanwhile had the new values in it
    throw undone(thing, cause, failed?.property.name, result);
  }
}

/** What a property had; `unread` says why that is not known. */
interface Before extends Change {
  readonly unread?: string;
}

/** A property that cannot be read may be set all the same: that may be what makes it readable. */
async function readBefore(property: PropertyAffordance, access: PropertyAccess): Promise<Before> {
  try {
    return { property, value: await access.read(property) };
  } catch (error) {
    return { property, value: undefined, unread: messageOf(causeOf(error)) };
  }
}

async function hasChanged({ property, value }: Before, access: PropertyAccess): Promise<boolean> {
  const after = await readBefore(property, access);
  return after.unread !== undefined || !isDeepStrictEqual(after.value, value);
}

interface Restored {
  readonly names: readonly string[];
  /** Why some were not, a sentence's part each. */
  readonly failures: readonly string[];
}

/** Last first: a value may depend on one that was set before it. */
async function restored(
  before: readonly Before[],
  writes: PropertyWrites,
  watch: WriteWatch,
): Promise<Restored> {
  const names: string[] = [];
  const failures: string[] = [];
  for (const { property, value, unread } of [...before].reverse()) {
    try {
      if (watch.has(property.name)) throw new Error("another client has set it since");
      if (unread !== undefined) throw new Error(`it could not be read before: ${unread}`);
      await writes.write(property, value, "client", watch);
      names.push(property.name);
    } catch (error) {
      failures.push(`'${property.name}' (${messageOf(causeOf(error))})`);
    }
  }
  return { names, failures };
}

function undone(
  thing: string,
  cause: unknown,
  failed: string | undefined,
  { names, failures }: Restored,
): ThingError {
  const code: ErrorCode = cause instanceof ThingError ? cause.code : "INTERNAL";
  const sentences = [
    failed === undefined
      ? `The settings of Thing '${thing}' could not be saved: ${messageOf(cause)}`
      : `Property '${failed}' of Thing '${thing}' could not be set: ${messageOf(causeOf(cause))}`,
    names.length > 0 && `Restored: ${names.join(", ")}.`,
    failures.length > 0 && `Could not be restored: ${failures.join(", ")}.`,
    names.length + failures.length === 0 && "Nothing was changed.",
  ];
  const faults = cause instanceof ThingError ? cause.faults : [];
  return new ThingError(code, sentences.filter(Boolean).join(" "), { cause, faults });
}

/** What the Thing itself said, without the name of the property before it. */
function causeOf(error: unknown): unknown {
  return error instanceof ThingError ? (error.cause ?? error) : error;
}

function notAnObject(): ThingError {
  const msg = "Input should be a valid dictionary or object";
  return new ThingError(
    "INVALID_INPUT",
    'No property was set: send an object of new values by property, e.g. {"exposure": 20}.',
    { faults: [{ type: "dict_type", loc: ["body"], msg }] },
  );
}

function unfit(thing: string, faults: readonly InputFault[]): ThingError {
  return new ThingError(
    "INVALID_INPUT",
    `No property of Thing '${thing}' was set: ${sentenceOf(faults)}.`,
    { faults },
  );
}

function readOnlyFault(name: string, input: unknown): InputFault {
  return { type: "read_only", loc: ["body", name], msg: "Property is read-only", input };
}
