import { type Document, isScalar, parseDocument, visit, type YAMLParseError } from "yaml";

/** A comment of other languages, at the beginning of a line or behind a space. */
const FOREIGN_COMMENT = /(^|\s)(\/\/|\/\*)/;
const COMMENT = "Begin a comment with '#'";
const QUOTE = "Put a text with special characters in quotes";

/** What to do about each fault, by the parser's code for it. */
const ADVICE: Readonly<Record<string, string>> = {
  BAD_INDENT: "Indent keys of one level by the same number of spaces",
  BAD_SCALAR_START: QUOTE,
  BLOCK_AS_IMPLICIT_KEY: QUOTE,
  BLOCK_IN_FLOW: QUOTE,
  MISSING_CHAR: "Add it here, or where that part begins",
  MULTIPLE_DOCS: "Remove the line '---' and what follows it",
  TAB_AS_INDENT: "Indent with spaces",
};
const OTHERWISE = `Correct this line or the one before it. ${QUOTE}`;

/** The parser's words where ours are plainer. */
const WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "a second document begins here",
};

/** What is wrong with the text, and what to do: the sentences after `FILE:LINE: `. */
export function syntaxSentences(
  { code, message, pos: [at] }: YAMLParseError,
  text: string,
  lineOf: (offset: number) => number,
): string {
  if (code === "DUPLICATE_KEY") return duplicate(text, at, lineOf);
  const what = WORDS[code] ?? firstLine(message);
  return `This is neither JSON nor YAML: ${what}. ${commentHint(lineAt(text, at)) ?? ADVICE[code] ?? OTHERWISE}.`;
}

/** What to do about a text in which a comment of other languages stands; undefined for any other. */
export function commentHint(text: string): string | undefined {
  return FOREIGN_COMMENT.test(text) ? COMMENT : undefined;
}

/** The first alias that stands for nothing: its offset, and what to do. */
export function danglingAlias(document: Document): readonly [number, string] | undefined {
  let found: readonly [number, string] | undefined;
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document)) return undefined;
      const { source } = node;
      const what = `'*${source}' stands for '&${source}', which is not in the text before it`;
      found = [node.range?.[0] ?? 0, `${what}. Put a text that begins with * in quotes.`];
      return visit.BREAK;
    },
  });
  return found;
}

export function firstLine(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/[.:]$/, "");
}

function duplicate(text: string, second: number, lineOf: (offset: number) => number): string {
  let first = second;
  let name = "";
  visit(parseDocument(text, { uniqueKeys: false }), {
    Map(_, { items }) {
      const keys = items.map(({ key }) => key).filter(isScalar);
      const again = keys.find(({ range }) => range?.[0] === second);
      if (!again) return undefined;
      name = String(again.value);
      first = keys.find(({ value }) => value === again.value)?.range?.[0] ?? second;
      return visit.BREAK;
    },
  });
  return `The key '${name}' is already in line ${lineOf(first)}. Rename one of the two, or remove it.`;
}

function lineAt(text: string, offset: number): string {
  const begin = text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  return text.slice(begin, end < 0 ? undefined : end);
}
