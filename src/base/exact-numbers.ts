/** Strings are passed over, so that what looks like a number in one is none. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** What no double may hold: without it most texts need no second look. */
const SUSPECT = /\d{16}|[eE]\+?\d{3}/;

/**
 * The first number of a JSON text that would become another when it is read: an integer over 2^53 that no double has, or
 * what is too large for any. `1e20` and the digits that JavaScript writes for it are a double's own.
 * @param text - Valid JSON.
 * @returns What the number is and becomes, to end a sentence with; undefined when there is none.
 * @see RFC 8259, 6 Numbers.
 */
export function inexactNumberIn(text: string): string | undefined {
  if (!SUSPECT.test(text)) return undefined;
  for (const [token] of text.matchAll(STRING_OR_NUMBER)) {
    if (token.length >= 4 && token[0] !== '"' && !isExact(token)) return shown(token);
  }
  return undefined;
}

/**
 * The value of a JSON text in which a number that would become another stays the text that it is: a reader that wants a
 * number refuses it with its sentence, any other keeps all of its digits.
 * @throws {SyntaxError} as `JSON.parse`.
 */
export function parseExactly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (inexactNumberIn(text) === undefined) return value;
  const kept = (token: string) => (token[0] === '"' || isExact(token) ? token : `"${token}"`);
  return JSON.parse(text.replace(STRING_OR_NUMBER, kept));
}

/** Whether a double holds a number as it is written. */
export function isExact(token: string): boolean {
  const double = Number(token);
  if (!Number.isFinite(double)) return false;
  const integer = token.replace(/^\+|\.0*$/g, "");
  if (Number.isSafeInteger(double) || !/^-?\d+$/.test(integer)) return true;
  return String(double) === integer || BigInt(double) === BigInt(integer);
}

function shown(token: string): string {
  const digits = token.length > 40 ? `${token.slice(0, 40)}...` : token;
  const double = Number(token);
  return Number.isFinite(double)
    ? `the number ${digits}, which would become ${double}: integers are exact up to 2^53. Send it as a string, or send a smaller one`
    : `the number ${digits}, which is too large to be kept. Send a smaller one`;
}
