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
