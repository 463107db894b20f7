import { ThingError } from "../base/errors.ts";
import { refuseControls, splitWords, type Word } from "./words.ts";

/** Values for the `{name}` places of a pipeline file. */
export type Parameters = Readonly<Record<string, string | number | boolean>>;

/** A pipeline file, read: words, some with places for parameters. */
export interface Template {
  readonly words: readonly Word[];
  /** The names of its parameters, in the order of their first use. */
  readonly parameters: readonly string[];
}

/**
 * What a parameter's value is made of. None of these characters separates words, links elements, quotes, escapes or
 * comments, in GStreamer's grammar or in a list of arguments; so a value stays inside the word it stands in.
 */
const VALUE = /^[A-Za-z0-9_.:/@%+,=?&~-]+$/;
const LONGEST_VALUE = 1024;

/**
 * Reads a pipeline's text.
 * @throws {ThingError} `BAD_CONFIG` when a quote is not closed or a control character is in the text.
 */
export function readTemplate(text: string): Template {
  const words = splitWords(text);
  const names = words
    .flat()
    .flatMap((piece) => (typeof piece === "string" ? [] : [piece.parameter]));
  return { words, parameters: [...new Set(names)] };
}

/** Words as a shell handed them over: nothing in them is a parameter, a quote or a comment. */
export function templateOfWords(words: readonly string[]): Template {
  for (const word of words) refuseControls(word);
  return { words: words.map((word) => [word]), parameters: [] };
}

/**
 * Puts the values into their places.
 * @returns The words: one argument of the program each.
 * @throws {ThingError} `BAD_ARGUMENT` that names the parameter which is missing, unknown, or has a character outside the list.
 */
export function fillTemplate(template: Template, values: Parameters): string[] {
  const missing = template.parameters.filter((name) => !Object.hasOwn(values, name));
  if (missing.length > 0) {
    throw badParameter(
      `The pipeline needs ${list(missing)}. Give it with --${missing[0]}=VALUE or --param ${missing[0]}=VALUE (parameters: in a configuration). Write {{ and }} for literal braces.`,
    );
  }
  const unused = Object.keys(values).filter((name) => !template.parameters.includes(name));
  if (unused.length > 0) {
    const known =
      template.parameters.length > 0
        ? `Its parameters are: ${template.parameters.join(", ")}.`
        : "It has no parameters.";
    throw badParameter(`The pipeline does not use ${list(unused)}. ${known}`);
  }
  const texts = new Map(
    Object.entries(values).map(([name, value]) => [name, checkedValue(name, value)]),
  );
  return template.words.map((word) => filled(word, texts));
}

/** The words with `neutral` in each place: what the structure of the filled pipeline is compared with. */
export function fillNeutrally(template: Template, neutral: string): string[] {
  return template.words.map((word) =>
    word.map((piece) => (typeof piece === "string" ? piece : neutral)).join(""),
  );
}

/** One value as text, if each of its characters may stand in a pipeline. */
function checkedValue(name: string, value: string | number | boolean): string {
  const text = String(value);
  if (text === "") throw badParameter(`The parameter '${name}' is empty. Give it a value.`);
  if (text.length > LONGEST_VALUE) {
    throw badParameter(`The parameter '${name}' is longer than ${LONGEST_VALUE} characters.`);
  }
  if (!VALUE.test(text)) {
    const wrong = [...text].find((character) => !VALUE.test(character)) ?? "";
    throw badParameter(
      `The parameter '${name}' contains ${characterName(wrong)}. A value may contain only ASCII letters, digits and _ . : / @ % + , = ? & ~ -; write anything else into the pipeline file itself.`,
    );
  }
  return text;
}

function filled(word: Word, values: ReadonlyMap<string, string>): string {
  const text = word
    .map((piece) => (typeof piece === "string" ? piece : (values.get(piece.parameter) ?? "")))
    .join("");
  const first = word[0];
  if (first !== undefined && typeof first !== "string" && text.startsWith("-") && !isNumber(text)) {
    throw badParameter(
      `The parameter '${first.parameter}' begins with '-', so the program would interpret it as an option.`,
    );
  }
  return text;
}

function isNumber(text: string): boolean {
  return /^-\d+(\.\d+)?$/.test(text);
}

function characterName(character: string): string {
  const names: Record<string, string> = {
    "\t": "a tab",
    "\n": "a line end",
    "\r": "a carriage return",
    " ": "a space",
    "\0": "a NUL",
  };
  return names[character] ?? `the character ${JSON.stringify(character)}`;
}

function list(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`).join(", ");
  return names.length === 1 ? `the parameter ${quoted}` : `the parameters ${quoted}`;
}

function badParameter(sentence: string): ThingError {
  return new ThingError("BAD_ARGUMENT", sentence);
}
