import { inexactNumberIn } from "../../base/exact-numbers.ts";

/** A value, and which number of it is not what the text says: the value must not be used where it counts. */
interface Parsed {
  readonly value: unknown;
  readonly inexact?: string;
}

const SPACE = /[\t\n\r ]*/y;
/** A string, another scalar, or a mark. */
const TOKEN =
  /("[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\uffff]*)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|([{}[\],:])/y;

/**
 * A text's value, or the character at which it stops being JSON. `JSON.parse` tells the character only in some of
 * its messages, and differently in each version of Node.
 */
export function parseJson(text: string): Parsed | { errorAt: number } {
  try {
    const value: unknown = JSON.parse(text);
    const inexact = inexactNumberIn(text);
    return { value, ...(inexact !== undefined && { inexact }) };
  } catch {
    return { errorAt: errorIn(text) };
  }
}

type Expected = "value" | "first value or end" | "key" | "first key or end" | "colon" | "more";

/** Reads token by token until one stands where it may not. */
function errorIn(text: string): number {
  const open: ("{" | "[")[] = [];
  let expected: Expected | undefined = "value";
  for (let at = 0; ; at = TOKEN.lastIndex) {
    SPACE.lastIndex = at;
    SPACE.test(text);
    TOKEN.lastIndex = SPACE.lastIndex;
    const [token, string, literal, mark] = TOKEN.exec(text) ?? [];
    expected = token === undefined ? undefined : after(expected, open, { string, literal, mark });
    if (expected === undefined) return SPACE.lastIndex;
  }
}

function after(
  expected: Expected,
  open: ("{" | "[")[],
  { string, literal, mark }: Record<"string" | "literal" | "mark", string | undefined>,
): Expected | undefined {
  const ends = mark === (open.at(-1) === "{" ? "}" : "]") && open.length > 0;
  const isKey = expected === "key" || expected === "first key or end";
  if (ends && ["first value or end", "first key or end", "more"].includes(expected)) {
    open.pop();
    return "more";
  }
  if (isKey) return string === undefined ? undefined : "colon";
  if (expected === "colon") return mark === ":" ? "value" : undefined;
  if (expected === "more") {
    if (mark !== "," || open.length === 0) return undefined;
    return open.at(-1) === "{" ? "key" : "value";
  }
  if (string !== undefined || literal !== undefined) return "more";
  if (mark !== "{" && mark !== "[") return undefined;
  open.push(mark);
  return mark === "{" ? "first key or end" : "first value or end";
}
