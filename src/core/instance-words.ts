import { ThingError } from "../base/errors.ts";
import { cut } from "../base/preview.ts";

/** How a Thing is called, and what it is. */
export interface ThingWords {
  readonly title: string;
  readonly description: string;
}

/** Those of them that somebody has put in the place of others. */
export type SomeWords = { readonly [W in keyof ThingWords]?: ThingWords[W] | undefined };

/** What every description repeats is cut, characters. */
export const LONGEST_TITLE = 200;
export const LONGEST_DESCRIPTION = 10_000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: devices pad their names with them
const CONTROL = /[\0-\x1f\x7f-\x9f]+/g;

/** Words that one Thing has for itself, in the place of those of its class. */
export class InstanceWords {
  /** What it said before it was opened first, and what it has said in this opening. */
  #lasting: SomeWords = {};
  #opened: SomeWords = {};
  /** What it had said in the opening before: described until this one has ended. */
  #earlier: SomeWords = {};
  #isOpened = false;

  /**
   * @returns Whether that changes anything.
   * @throws {ThingError} `BAD_ARGUMENT` for what is no text.
   */
  set(className: string, words: SomeWords): boolean {
    const before = this.all;
    const sound = soundWords(className, words);
    if (this.#isOpened) this.#opened = { ...this.#opened, ...sound };
    else this.#lasting = { ...this.#lasting, ...sound };
    return isOther(before, this.all);
  }

  beginOpening(): void {
    this.#isOpened = true;
    this.#earlier = { ...this.#earlier, ...this.#opened };
    this.#opened = {};
  }

  /** @returns Whether something is gone that it has not said again. */
  endOpening(): boolean {
    const before = this.all;
    this.#earlier = {};
    return isOther(before, this.all);
  }

  /** Empty where the class's own apply. */
  get all(): SomeWords {
    return { ...this.#lasting, ...this.#earlier, ...this.#opened };
  }
}

/** A model, with words in the place of its own. */
export function withWords<M extends ThingWords>(model: M, { title, description }: SomeWords): M {
  if (!title && !description) return model;
  return { ...model, ...(title && { title }), ...(description && { description }) };
}

/**
 * Words on one line and no longer than a description has room for: a device's name for itself may be anything.
 * @throws {ThingError} `BAD_ARGUMENT` for what is no text.
 */
export function soundWords(className: string, words: unknown): SomeWords {
  if (typeof words !== "object" || words === null)
    throw wrong(className, "needs an object, e.g. { title: ... }");
  const sound: { title?: string; description?: string } = {};
  for (const what of ["title", "description"] as const) {
    const text: unknown = Reflect.get(words, what);
    if (text === undefined) continue;
    if (typeof text !== "string") throw wrong(className, `has a ${what} that is not a string`);
    sound[what] = plainText(text, what === "title" ? LONGEST_TITLE : LONGEST_DESCRIPTION);
  }
  return sound;
}

function plainText(text: string, most: number): string {
  const short = cut(text.replace(CONTROL, " ").trim(), most);
  return short.replace(/\p{Surrogate}/gu, "\ufffd"); // a half of a character has no form in UTF-8
}

function isOther(before: SomeWords, after: SomeWords): boolean {
  return (["title", "description"] as const).some((w) => (before[w] ?? "") !== (after[w] ?? ""));
}

function wrong(className: string, sentence: string): ThingError {
  return new ThingError("BAD_ARGUMENT", `${className}: describeAs() ${sentence}. Write text.`);
}
