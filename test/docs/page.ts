import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { packagePath } from "../../src/base/package-root.ts";

/** A fenced block of a page. */
export interface Block {
  /** What follows the fence: `ts`, `sh`, `json`. */
  readonly language: string;
  readonly text: string;
  /** The file that it is, where the line before it ends with the file's name and a colon. */
  readonly file: string | undefined;
}

/** The text of a page under docs/. */
export function pageText(name: string): string {
  return readFileSync(packagePath("docs", name), "utf8");
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): Block[] {
  const fenced = /(?:`([\w.-]+)`:\n\n)?^```(\w*)\n([\s\S]*?)^```$/gm;
  return [...page.matchAll(fenced)].map(([, file, language = "", text = ""]) => ({
    language,
    text,
    file,
  }));
}

/** That everything in `part` is in `whole`. */
export function assertIncludes(whole: unknown, part: unknown, place: string): void {
  if (typeof part !== "object" || part === null) {
    assert.deepEqual(whole, part, place);
    return;
  }
  assert.ok(typeof whole === "object" && whole !== null, `${place} is not there`);
  for (const [key, inner] of Object.entries(part)) {
    assertIncludes(Reflect.get(whole, key), inner, `${place}.${key}`);
  }
}
