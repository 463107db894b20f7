import { RE2JS, RE2JSException } from "re2js";
import { preview } from "../base/preview.ts";

/** RE2's own limit. */
const MOST_REPEATS = 1000;
const LAST_CODE_POINT = 0x10ffff;

/**
 * A pattern of a JSON Schema (ECMA-262, as with the flag `u`), looked for anywhere in a text, in time in proportion to
 * the text: JavaScript's own engine takes exponential time for some, and a client sends the text.
 */
export class LinearPattern {
  readonly source: string;
  readonly #compiled: RE2JS;

  /** @throws {TypeError} The part of a sentence that says what is wrong, for what is no pattern or cannot be linear. */
  constructor(source: string) {
    this.source = source;
    new RegExp(source, "u"); // throws for what is no pattern
    try {
      this.#compiled = RE2JS.compile(source.replace(TOKEN, translated));
    } catch (error) {
      if (!(error instanceof RE2JSException || error instanceof Unsupported)) throw error;
      throw new TypeError(
        `its pattern ${preview(source)} ${error instanceof Unsupported ? error.message : `is beyond RE2 (${error.message})`}. Patterns are run by RE2, because with other engines a client can block the server. Write it without that, or check the rest in the setter or action and throw a ThingError INVALID_INPUT`,
        { cause: error },
      );
    }
  }

  test(text: string): boolean {
    return this.#compiled.test(text);
  }

  /** ajv tells patterns apart by it. */
  toString(): string {
    return this.source;
  }
}

class Unsupported extends Error {}

const ESCAPE = String.raw`\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u\{[\da-fA-F]+\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|c[a-zA-Z]|[pP]\{[^}]*\}|k<[^>]*>|[1-9]\d*|[^])`;
const CLASS = String.raw`\[(?:\\[^]|[^\]\\])*\]`;
const GROUP = String.raw`\((?:\?(?:<?[=!]|<[^>]*>|[^]))?`;
const REPEAT = String.raw`\{\d+(?:,\d*)?\}`;
const TOKEN = new RegExp([ESCAPE, CLASS, GROUP, REPEAT, String.raw`\.`].join("|"), "gu");
const ATOM = new RegExp(`${ESCAPE}|[^]`, "gu");

const ANYTHING = String.raw`[\x{0}-\x{10ffff}]`;
const NOTHING = String.raw`[^\x{0}-\x{10ffff}]`;
const WITHIN_A_LINE = String.raw`[^\n\r\x{2028}\x{2029}]`;

/** One token of a sound pattern, as RE2 writes it. What is no token is the same for both. */
function translated(token: string): string {
  if (token === ".") return WITHIN_A_LINE;
  switch (token[0]) {
    case "[":
      return translatedClass(token);
    case "(":
      return translatedGroup(token);
    case "{":
      return translatedRepeat(token);
    default:
      return translatedEscape(token);
  }
}

/** Nobody asks what a group has caught. */
function translatedGroup(token: string): string {
  if (/^\(\?<?[=!]$/.test(token))
    throw new Unsupported(
      `looks ${token.includes("<") ? "behind" : "ahead"} with ${preview(`${token}...)`)}`,
    );
  if (token === "(" || token === "(?:" || token.startsWith("(?<")) return "(?:";
  throw new Unsupported(`has ${preview(token)}, which older JavaScript does not support`);
}

function translatedRepeat(token: string): string {
  const counts = token.match(/\d+/g)!.map(Number);
  if (Math.max(...counts) > MOST_REPEATS)
    throw new Unsupported(
      `repeats with ${token}, but RE2 allows at most ${MOST_REPEATS} (minLength and maxLength have no such limit)`,
    );
  return token.replace(/\d+/g, (count) => String(Number(count))); // RE2 takes {01} for text
}

function translatedEscape(token: string): string {
  if (/^\\[bB]$/.test(token)) return token;
  if (/^\\(?:k<|[1-9])/.test(token))
    throw new Unsupported(`refers back with ${preview(token)} to a captured group`);
  const set = setOf(token);
  if (set === undefined) return character(codePointOf(token));
  return set === "" ? NOTHING : `[${set}]`;
}

function translatedClass(token: string): string {
  const isNegated = token.startsWith("[^");
  const atoms = token.slice(isNegated ? 2 : 1, -1).match(ATOM) ?? [];
  let set = "";
  for (let at = 0; at < atoms.length; at++) {
    const first = atoms[at]!;
    const last = atoms[at + 1] === "-" ? atoms[at + 2] : undefined;
    const isRange = last !== undefined;
    set += setOf(first) ?? character(codePointOf(first));
    if (!isRange) continue;
    set += `-${character(codePointOf(last))}`;
    at += 2;
  }
  if (set === "") return isNegated ? ANYTHING : NOTHING;
  return `[${isNegated ? "^" : ""}${set}]`;
}

/** What stands in a class for an escape of several characters, nothing for one of a single character. */
function setOf(atom: string): string | undefined {
  if (/^\\[dDwW]$/.test(atom)) return atom;
  return /^\\(?:[sS]$|[pP]\{)/.test(atom) ? rangesOf(atom) : undefined;
}

const CONTROLS: Readonly<Record<string, number>> = {
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  b: 8,
  "0": 0,
};

function codePointOf(atom: string): number {
  if (!atom.startsWith("\\") || atom === "\\") return atom.codePointAt(0)!;
  const kind = atom[1]!;
  const halves = [...atom.matchAll(/\\[ux]\{?([\da-fA-F]+)/g)].map(([, hex]) => Number(`0x${hex}`));
  if (halves.length === 2) return String.fromCharCode(...halves).codePointAt(0)!;
  if (halves.length === 1) return halves[0]!;
  if (kind === "c" && atom.length === 3) return atom.charCodeAt(2) % 32;
  return CONTROLS[kind] ?? atom.codePointAt(1)!;
}

function character(codePoint: number): string {
  return `\\x{${codePoint.toString(16)}}`;
}

/** By escape; JavaScript knows some hundred of these. */
const knownRanges = new Map<string, string>();

/**
 * What JavaScript takes for a space, or to be of a Unicode property. RE2's spaces are others, and its properties have other
 * names and may be those of another year's Unicode. Costs 0.1 s the first time.
 */
function rangesOf(name: string): string {
  const known = knownRanges.get(name);
  if (known !== undefined) return known;
  const one = new RegExp(name, "u");
  let ranges = "";
  let first: number | undefined;
  for (let code = 0; code <= LAST_CODE_POINT + 1; code++) {
    const isIn = code <= LAST_CODE_POINT && one.test(String.fromCodePoint(code));
    if (isIn) first ??= code;
    if (isIn || first === undefined) continue;
    ranges += `${character(first)}-${character(code - 1)}`;
    first = undefined;
  }
  knownRanges.set(name, ranges);
  return ranges;
}
