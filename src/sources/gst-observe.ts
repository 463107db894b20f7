import { plain, readGstText, toArguments } from "./gst-text.ts";

/** The name of the tee that is inserted after an element to observe its pictures. */
export function teeBehind(element: string): string {
  return `${element}_tee`;
}

/**
 * The same pipeline with a named tee behind an element of this name, so that its pictures can be tapped. A tee needs none;
 * where nothing follows the element, or there is none of this name, the pipeline is left as it is.
 */
export function withTeeBehind(words: readonly string[], element: string): readonly string[] {
  const items = readGstText(words);
  const named = items.findIndex(
    ({ kind, name, value }) => kind === "property" && name === "name" && plain(value) === element,
  );
  const start = items.findLastIndex(({ kind }, index) => kind === "element" && index < named);
  const next = items.findIndex(({ kind }, index) => kind !== "property" && index > named);
  const isLinked = items[next]?.kind === "link";
  if (named < 0 || !isLinked || items[start]?.name === "tee") return words;
  const tee = readGstText(["!", "tee", `name=${teeBehind(element)}`]);
  return toArguments([...items.slice(0, next), ...tee, ...items.slice(next)]);
}
