/** One item of a GStreamer pipeline's text, as its own parser sees it. */
export interface GstItem {
  readonly kind: "element" | "property" | "link" | "reference" | "url" | "other";
  /** The element's, property's or reference's name, a link's sign; the text of anything else. */
  readonly name: string;
  /** A property's value, a link's caps; else empty. */
  readonly value: string;
}

const IDENTIFIER = "[A-Za-z0-9_][A-Za-z0-9_%:-]*";
const CHARACTER = "(?:\\\\.|[^\\s])";
const ASSIGN = `(${IDENTIFIER})\\s*=\\s*`;

/** GStreamer's lexical rules (grammar/parse.l): the longest match wins, the first of equals. */
const RULES: readonly (readonly [GstItem["kind"], RegExp])[] = [
  ["url", new RegExp(`()([A-Za-z][A-Za-z0-9+.-]*://${CHARACTER}+)`, "y")],
  ["property", new RegExp(`${ASSIGN}(${CHARACTER}+)`, "y")],
  ["property", new RegExp(`${ASSIGN}("(?:[^"\\\\]|\\\\.)*")`, "y")],
  ["property", new RegExp(`${ASSIGN}('(?:[^'\\\\]|\\\\.)*')`, "y")],
  ["reference", new RegExp(`((?:${IDENTIFIER})?\\.(?:${IDENTIFIER})?)()`, "y")],
  ["element", new RegExp(`(${IDENTIFIER})()`, "y")],
  ["link", /([!:])\s*([A-Za-z0-9-]+\/[A-Za-z0-9-]+(?:\\.|[^!\\])*?)\s*(?:!|:(?=[^!]*$))/y],
  ["link", /([!:])()/y],
  ["other", /(\S)()/y],
];

/**
 * Reads the words of a GStreamer pipeline as `gst-launch-1.0` does: it joins its arguments to one text, escaping their
 * spaces, and reads that.
 */
export function readGstText(words: readonly string[]): GstItem[] {
  const text = words.map((word, index) => escaped(word, words[index + 1])).join(" ");
  const items: GstItem[] = [];
  let at = 0;
  while (at < text.length) {
    const blank = /\s*/y;
    blank.lastIndex = at;
    at += blank.exec(text)?.[0].length ?? 0;
    if (at >= text.length) break;
    const { item, length } = longest(text, at);
    items.push(item);
    at += length;
  }
  return items;
}

/** The arguments with which `gst-launch-1.0` reads these items again. */
export function toArguments(items: readonly GstItem[]): string[] {
  return items.flatMap(({ kind, name, value }) => {
    if (kind === "property") return [`${name}=${value === "" ? '""' : value}`];
    if (kind === "link") return value ? [name, value, name] : [name];
    return [kind === "url" ? value : name];
  });
}

/** What a parameter's value must leave as it is: which items there are, and which elements. */
export function structureOf(words: readonly string[]): string {
  const items = readGstText(words);
  return JSON.stringify(items.map(({ kind, name }) => [kind, name]));
}

/** A value without the quotes that GStreamer takes off. */
export function plain(value: string): string {
  return value.replace(/^(["'])(.*)\1$/, "$2");
}

function longest(text: string, at: number): { item: GstItem; length: number } {
  let best: { item: GstItem; length: number } | undefined;
  for (const [kind, pattern] of RULES) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match || (best && match[0].length <= best.length)) continue;
    const item = { kind, name: match[1] ?? "", value: unescaped(match[2] ?? "") };
    best = { item, length: match[0].length };
  }
  return best ?? { item: { kind: "other", name: text[at] ?? "", value: "" }, length: 1 };
}

/** Spaces outside double quotes are escaped; GStreamer knows no other blank inside a word. A value that is empty gets quotes. */
function escaped(word: string, next = "!"): string {
  const empty = /^[\w:%-]+=$/.test(word) && /^(!|[\w:%-]+=)/.test(next);
  const spaced = word.replace(/\s/g, " ") + (empty ? '""' : "");
  return outsideQuotes(spaced, (part) => part.replaceAll(" ", "\\ "));
}

function unescaped(text: string): string {
  return outsideQuotes(text, (part) => part.replaceAll("\\ ", " "));
}

function outsideQuotes(text: string, change: (part: string) => string): string {
  return text
    .split(/("(?:[^"\\]|\\.)*")/)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join("");
}
