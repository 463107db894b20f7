import { JSON_TYPE } from "./route.ts";

/** One entry of an Accept header. */
interface MediaRange {
  /** Lower case, without parameters: a type, a type with any subtype, or any type at all. */
  readonly type: string;
  /** 0 is "not acceptable", 1 the most wanted. */
  readonly quality: number;
}

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
const QUALITY = /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/;

/**
 * What an Accept header lists, in its order. An entry that cannot be read is left out.
 * @see RFC 9110, 12.4.2 Quality Values, 12.5.1 Accept.
 */
export function mediaRangesIn(accept: string | undefined): readonly MediaRange[] {
  return accept === undefined ? [] : split(accept, ",").flatMap(rangeIn);
}

/** How much a client wants `type`, counting only entries with just this name; undefined when there is none. */
export function qualityByName(
  ranges: readonly MediaRange[],
  type: string,
): { quality: number; position: number } | undefined {
  const position = ranges.findIndex((range) => range.type === type);
  return position < 0 ? undefined : { quality: ranges[position]!.quality, position };
}

/** True when a client names `type` itself, and takes it. */
export function acceptsByName(accept: string | undefined, type: string): boolean {
  return (qualityByName(mediaRangesIn(accept), type)?.quality ?? 0) > 0;
}

/** How much a client wants `type`, by the most specific entry; 1 without any header. */
export function qualityOf(ranges: readonly MediaRange[], type: string): number {
  if (ranges.length === 0) return 1;
  const group = `${type.split("/")[0]}/*`;
  const found = [type, group, "*/*"].map((name) => ranges.find((range) => range.type === name));
  return found.find((range) => range !== undefined)?.quality ?? 0;
}

/**
 * Which dialect a client understands, by its Accept header. A consumer of WoT Profiles accepts JSON and nothing else;
 * clients of LabThings accept anything.
 */
export function isProfileConsumer(accept?: string): boolean {
  const types = mediaRangesIn(accept).flatMap(({ type, quality }) => (quality > 0 ? type : []));
  return types.includes(JSON_TYPE) && types.every((type) => type.endsWith("json"));
}

function rangeIn(text: string): MediaRange[] {
  const [name = "", ...parameters] = split(text, ";").map((part) => part.trim());
  const [type = "", subtype = "", ...more] = name.toLowerCase().split("/");
  if (!TOKEN.test(type) || !TOKEN.test(subtype) || more.length > 0) return [];
  if (type === "*" && subtype !== "*") return [];
  const weight = parameters.find((parameter) => /^q\s*=/i.test(parameter));
  if (weight === undefined) return [{ type: `${type}/${subtype}`, quality: 1 }];
  const quality = weight.slice(weight.indexOf("=") + 1).trim();
  return QUALITY.test(quality) ? [{ type: `${type}/${subtype}`, quality: Number(quality) }] : [];
}

/** The parts between separators that stand outside quotes. */
function split(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let begin = 0;
  let isQuoted = false;
  for (let n = 0; n < text.length; n++) {
    if (text[n] === "\\" && isQuoted) n += 1;
    else if (text[n] === '"') isQuoted = !isQuoted;
    else if (text[n] === separator && !isQuoted) {
      parts.push(text.slice(begin, n));
      begin = n + 1;
    }
  }
  return [...parts, text.slice(begin)];
}
