import { ThingError } from "../base/errors.ts";
import { parseExactly } from "../base/exact-numbers.ts";
import { objectOf } from "../client/json.ts";

/**
 * A value that was typed: JSON where the schema can take it, else the text itself. `20` is a number for a number and a
 * text for a text; `{"x": 1}` needs no second pair of quotes.
 */
export function valueFromText(text: string, schema: unknown): unknown {
  const types = typesIn(schema);
  const parsed = parsedOf(text);
  if (parsed && (types.size === 0 || types.has(typeOf(parsed.value)))) return parsed.value;
  return types.size === 0 || types.has("string") || !parsed ? text : parsed.value;
}

/**
 * The input of an action: one JSON value, or `name=value` for each member.
 * @throws {ThingError} `BAD_ARGUMENT` for a word that is neither.
 */
export function inputFromWords(words: readonly string[], schema: unknown): unknown {
  const [only] = words;
  if (only === undefined) return undefined;
  const isMember = (word: string) => /^[A-Za-z_][\w.-]*=/.test(word);
  if (words.length === 1 && !isMember(only)) return valueFromText(only, schema);
  const members = objectOf(objectOf(schema).properties);
  return Object.fromEntries(
    words.map((word) => {
      if (!isMember(word)) {
        throw new ThingError(
          "BAD_ARGUMENT",
          `'${word}' is not a valid input. Write each member as name=value, or all of them as one JSON object in quotes.`,
        );
      }
      const name = word.slice(0, word.indexOf("="));
      return [name, valueFromText(word.slice(name.length + 1), members[name])];
    }),
  );
}

/** The JSON types that a data schema allows; none when it does not say. */
function typesIn(schema: unknown): Set<string> {
  const { type, oneOf, enum: values } = objectOf(schema);
  if (Array.isArray(values)) return new Set(values.map(typeOf));
  if (Array.isArray(oneOf)) return new Set(oneOf.flatMap((choice) => [...typesIn(choice)]));
  const types = typeof type === "string" ? [type] : [];
  return new Set(types.map((name) => (name === "integer" ? "number" : name)));
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function parsedOf(text: string): { value: unknown } | undefined {
  try {
    return { value: parseExactly(text) };
  } catch {
    return undefined; // then it is a text
  }
}
