import type { TSchema } from "typebox";
import { ThingError } from "../base/errors.ts";
import { faultsOf, sentenceOf } from "./faults.ts";
import { jsonCopy, NotJson } from "./json-value.ts";
import { fitsAsNumbers } from "./number-lists.ts";
import { misfitsIn } from "./schema.ts";

interface Fitting {
  readonly schema: TSchema | undefined;
  readonly before?: TSchema | undefined;
  readonly what: string;
  readonly className: string;
}

/**
 * A copy of what a Thing gives to others, once it has been found to be JSON and to fit its schema. The original is not changed,
 * and defaults are not filled in: what is told is what the Thing has.
 *
 * @param before - Another schema that it may fit instead: the one that it was asked for with.
 * @param what - Begins the error's sentence, e.g. `Property 'exposure' of Thing 'camera' has a value`.
 * @param className - Whose fault it is.
 * @throws {ThingError} `INVALID_OUTPUT` with each fault.
 */
export function outgoing(
  value: unknown,
  { schema, before = schema, what, className }: Fitting,
): unknown {
  const copy = copied(value, what, className);
  const errors = schema && !fitsAsNumbers(schema, value, copy) ? misfitsIn(schema, copy) : [];
  if (errors.length === 0) return copy;
  if (before && before !== schema && misfitsIn(before, copy).length === 0) return copy;
  const faults = faultsOf(errors, copy);
  throw refused(`${what} that its own schema refuses: ${sentenceOf(faults)}`, className, {
    faults,
  });
}

function copied(value: unknown, what: string, className: string): unknown {
  try {
    return jsonCopy(value);
  } catch (cause) {
    if (!(cause instanceof NotJson)) throw cause;
    throw refused(`${what} that JSON cannot hold: ${cause.message}`, className, { cause });
  }
}

function refused(
  sentence: string,
  className: string,
  options: ConstructorParameters<typeof ThingError>[2],
): ThingError {
  return new ThingError("INVALID_OUTPUT", `${sentence}. This is a fault in ${className}.`, options);
}
