/** Text of at most `most` UTF-16 units: longer text ends with `...`. */
export function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

/** What a client wrote, for a sentence: enough of it to be known again. */
export function quoted(text: string): string {
  return cut(text, 80);
}

/**
 * A value as JSON, for a sentence: a string in single quotes, and what is longer than `most` characters cut. It takes no
 * longer than what it gives, however large the value is, and never throws: values that JSON has no form for are named.
 */
export function preview(value: unknown, most = 80): string {
  try {
    if (typeof value === "string") return cut(`'${value.slice(0, most)}'`, most);
    const pieces: string[] = [];
    write(value, pieces, { left: most + 1 });
    return cut(pieces.join(""), most);
  } catch {
    return "a value that cannot be shown"; // a getter or a proxy that throws
  }
}

/** Adds to `pieces` until `room` is used up: each value takes some, so that cycles end too. */
function write(value: unknown, pieces: string[], room: { left: number }): void {
  const add = (text: string) => {
    pieces.push(text);
    room.left -= text.length;
  };
  if (typeof value === "string") add(JSON.stringify(value.slice(0, Math.max(1, room.left))));
  else if (typeof value === "bigint")
    add("a BigInt"); // its digits may take long to work out
  else if (typeof value === "function") add("a function");
  else if (typeof value !== "object" || value === null) add(String(value));
  else if (Array.isArray(value)) {
    add("[");
    for (let n = 0; n < value.length && room.left > 0; n++) {
      if (n > 0) add(",");
      write(value[n], pieces, room);
    }
    add("]");
  } else {
    add("{");
    let isFirst = true;
    for (const key in value) {
      if (room.left <= 0) break;
      if (!Object.hasOwn(value, key)) continue;
      if (!isFirst) add(",");
      isFirst = false;
      add(`${JSON.stringify(key.slice(0, Math.max(1, room.left)))}:`);
      write(Reflect.get(value, key), pieces, room);
    }
    add("}");
  }
}

/** A path as one word of a POSIX shell: in quotes where it has to be, so that a command in a sentence can be copied. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** Control characters but the tab, and what turns the direction of writing round. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const INVISIBLE = /[\0-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * The same text on one line, with what would move a terminal's cursor, change its colours or begin a line of its own
 * written as in JSON: `\u001b`.
 */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    if (character === "\n") return "\\n";
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
