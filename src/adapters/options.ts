import type { Static, TSchema } from "typebox";
import { ThingError } from "../base/errors.ts";
import { faultsOf, sentenceOf } from "../core/faults.ts";
import { errorsIn, forbidAdditional } from "../core/schema.ts";

/**
 * An adapter Thing's options, checked against their schema. Unknown members are refused.
 * @param what - Begins the sentence, e.g. `A FilersServer`.
 * @throws {ThingError} `BAD_ARGUMENT` with each fault.
 */
export function acceptedOptions<S extends TSchema>(
  schema: S,
  options: unknown,
  what: string,
): Static<S> {
  const errors = errorsIn(forbidAdditional(schema), options);
  if (errors.length === 0) return options as Static<S>;
  const faults = faultsOf(errors, options);
  throw new ThingError(
    "BAD_ARGUMENT",
    `${what} cannot be created with these options: ${sentenceOf(faults)}.`,
    { faults },
  );
}
