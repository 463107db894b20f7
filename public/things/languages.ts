import type { JsonObject } from "./td.ts";

/** The title of something in the language of the browser, if there is one. @see W3C WoT Thing Description 1.1, 5.3.5 (MultiLanguage). */
export function titleIn({ title, titles }: JsonObject): string | undefined {
  return textIn(title, titles);
}

/** And its description. */
export function descriptionIn({ description, descriptions }: JsonObject): string | undefined {
  return textIn(description, descriptions);
}

/** @param usual - What is said in the language of the whole description. */
function textIn(usual: unknown, others: unknown): string | undefined {
  const texts = Object.entries(Object(others)).filter(isText);
  const byLanguage = new Map(texts.map(([tag, text]) => [tag.toLowerCase(), text]));
  for (const tag of wanted()) {
    const found = byLanguage.get(tag) ?? byLanguage.get(tag.split("-")[0] ?? "");
    if (found !== undefined) return found;
  }
  return typeof usual === "string" ? usual : (byLanguage.get("en") ?? texts[0]?.[1]);
}

function isText(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === "string";
}

function wanted(): readonly string[] {
  return globalThis.navigator?.languages?.map((tag) => tag.toLowerCase()) ?? [];
}
