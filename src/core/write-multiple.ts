import { isDeepStrictEqual } from "node:util";
import { type ErrorCode, messageOf, ThingError } from "../base/errors.ts";
import type { PropertyAffordance } from "./affordances.ts";
import type { PropertyAccess } from "./property-access.ts";
import type { PropertyWrites, WriteWatch } from "./property-writes.ts";
import type { ThingSettings } from "./thing-settings.ts";
import type { Change, WantedValues } from "./wanted-values.ts";

/** The ways to the properties of one Thing. */
interface Ways {
  readonly access: PropertyAccess;
  readonly writes: PropertyWrites;
  readonly settings: ThingSettings;
}

/**
 * Sets one after the other and saves; when one fails, or saving does, those that were set get their old values back.
 * @throws {ThingError} with the code of what failed, saying what was restored and what was not.
 */
export function writeMultiple(thing: string, wanted: WantedValues, ways: Ways): Promise<void> {
  return ways.writes.watching((watch) => writeAll(thing, wanted, { ...ways, watch }));
}

async function writeAll(
  thing: string,
  wanted: WantedValues,
  { access, writes, settings, watch }: Ways & { readonly watch: WriteWatch },
): Promise<void> {
  const before = new Map<string, Before>();
  for (const property of wanted.properties)
    before.set(property.name, await readBefore(property, access));
  const isSaved = wanted.properties.some(({ saved }) => saved);
  const set: Before[] = [];
  let current: Before | undefined;
  try {
    for (;;) {
      current = undefined;
      const change = wanted.next();
      if (!change) break;
      current = before.get(change.property.name)!;
      await writes.write(change.property, change.value, "client", watch);
      set.push(current);
    }
    if (isSaved) await settings.save();
  } catch (cause) {
    // A setter may fail halfway, with the new value in place.
    if (current && (await hasChanged(current, access))) set.push(current);
    const result = await restored(set, writes, watch);
    if (isSaved && (current || !wanted.isAllSet)) settings.saveLater(); // what others saved meanwhile had the new values in it
    throw undone(reasonOf(thing, cause, current?.property.name, wanted), cause, result);
  }
}

function reasonOf(
  thing: string,
  cause: unknown,
  failed: string | undefined,
  { isAllSet }: WantedValues,
): string {
  if (failed !== undefined)
    return `Property '${failed}' of Thing '${thing}' could not be set: ${messageOf(causeOf(cause))}`;
  if (!isAllSet) return messageOf(cause);
  return `The settings of Thing '${thing}' could not be saved: ${messageOf(cause)}`;
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

function undone(reason: string, cause: unknown, { names, failures }: Restored): ThingError {
  const code: ErrorCode = cause instanceof ThingError ? cause.code : "INTERNAL";
  const sentences = [
    reason,
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
