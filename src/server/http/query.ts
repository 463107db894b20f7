import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";

/** What a whole number of the query may be. */
export const LARGEST_NUMBER = 999_999_999;

/** A whole number of the query; undefined when it is not there. @throws {ThingError} `BAD_ARGUMENT`. */
export function numberIn(
  query: URLSearchParams,
  name: string,
  minimum: number,
): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= minimum) return number;
  throw badQuery(name, text, `a whole number from ${minimum}`);
}

/** For a parameter of the query that is not what it should be. */
export function badQuery(name: string, text: string, wanted: string): ThingError {
  return new ThingError("BAD_ARGUMENT", `${name}=${quoted(text)} cannot be used: give ${wanted}.`);
}
