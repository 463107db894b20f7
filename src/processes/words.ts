import { ThingError } from "../base/errors.ts";

/** A part of a word: text as it is, or a place for a parameter. */
type Piece = string | { readonly parameter: string };
/** One word of a pipeline, its quotes removed. */
export type Word = readonly Piece[];

const PARAMETER = /\{([A-Za-z_][A-Za-z0-9_-]*)\}/y;
const COMMENT = /#[^\n]*/y;
const BRACES = /\{\{|\}\}/y;

/**
 * Cuts a pipeline's text into words, as a shell would: blanks and line ends part them, `'…'`, `"…"` and `\` keep together
 * what belongs together, `#` where a word could begin is a comment to the end of the line. `{name}` is a place for a
 * parameter, inside quotes too; `{{` and `}}` are braces.
 * @throws {ThingError} `BAD_CONFIG` when a quote is not closed or a control character is in the text.
 */
export function splitWords(text: string): Word[] {
  refuseControls(text);
  const words: Piece[][] = [];
  let word: Piece[] | undefined;
  let quote = "";
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found ? (found[1] ?? found[0]) : undefined;
  };
  const add = (piece: Piece) => {
    word ??= startWord(words);
    const last = word.at(-1);
    if (typeof piece === "string" && typeof last === "string") word[word.length - 1] = last + piece;
    else word.push(piece);
  };

  while (at < text.length) {
    const character = text[at]!;
    if (!quote && /\s/.test(character)) {
      word = undefined;
      at++;
    } else if (!quote && !word && take(COMMENT) !== undefined) {
      // left out
    } else if (character === quote || (!quote && `'"`.includes(character))) {
      quote = quote ? "" : character;
      add("");
      at++;
    } else if (character === "\\" && quote !== "'") {
      const next = text[at + 1] ?? "";
      if (!quote && /[\r\n]/.test(next)) word = undefined;
      else if (!quote || `"\\`.includes(next)) add(next);
      else add(character + next);
      at += 2;
    } else {
      const name = take(PARAMETER);
      if (name !== undefined) add({ parameter: name });
      else add(take(BRACES)?.[0] ?? text[at++]!);
    }
  }
  if (quote) {
    throw new ThingError(
      "BAD_CONFIG",
      `The pipeline has an unclosed ${quote}. Add the closing quote.`,
    );
  }
  return words;
}

/** @throws {ThingError} `BAD_CONFIG` when a character is in the text that no pipeline needs. */
export function refuseControls(text: string): void {
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if ((code < 32 && !"\t\n\r".includes(character)) || code === 127) {
      const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
      throw new ThingError(
        "BAD_CONFIG",
        `The pipeline contains the control character ${name}. Remove it.`,
      );
    }
  }
}

function startWord(words: Piece[][]): Piece[] {
  const word: Piece[] = [];
  words.push(word);
  return word;
}
