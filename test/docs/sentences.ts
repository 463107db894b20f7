import { filesIn } from "../sources.ts";

/** The text of the sources, with literals that are joined by `+` as one. */
let sources: string | undefined;

function sourceText(): string {
  sources ??= filesIn("src", "things", "public")
    .map(({ text }) => text.replace(/(["`]) \+\s*\1/g, ""))
    .join("\n");
  return sources;
}

/**
 * Parts of a quoted sentence that no source has. An ellipsis stands for what the program fills in.
 * @param quoted - For example `Port … is in use by another program.`
 */
export function partsInNoSource(quoted: string): string[] {
  const parts = quoted.split("…").map((part) => part.trim());
  return parts.filter((part) => part.length > 3 && !sourceText().includes(part));
}
