import { descriptionIn } from "./languages.ts";
import { accessOf } from "./property-access.ts";
import { affordancesOf, type JsonObject, type Schema, titleOf, typesOf } from "./td.ts";

/** Properties that belong together. */
export interface PropertyGroup {
  readonly title: string;
  readonly names: readonly string[];
  /** Whether its values are only read: they are shown close together. */
  readonly isReadings: boolean;
}

/** What a camera is adjusted with every day, in this order; the `@type` of others follows. */
const FIRST = ["ExposureControl", "FocusControl", "WhiteBalanceControl", "ImageControl"];
/** All that has no better place. */
const LAST = "CameraControl";
/** Kinds that say how a value is entered, not what it belongs to: of the schemas of WebThings. */
const SINGLE = /Property$|^Property$/;

/** In groups by their `@type`, the everyday ones first; what has none is a setting or a reading. */
export function groupsOf(td: JsonObject): readonly PropertyGroup[] {
  const { properties } = affordancesOf(td);
  const typed = new Map<string, string[]>();
  const settings: string[] = [];
  const readings: string[] = [];
  for (const [name, schema] of properties) {
    const type = groupTypeOf(schema);
    if (type) typed.set(type, [...(typed.get(type) ?? []), name]);
    else (accessOf(schema).isWritable ? settings : readings).push(name);
  }
  const known = FIRST.filter((type) => typed.has(type));
  const others = [...typed.keys()].filter((type) => !FIRST.includes(type) && type !== LAST);
  const group = (type: string): PropertyGroup => ({
    title: groupTitle(type),
    names: typed.get(type) ?? [],
    isReadings: false,
  });
  return [
    ...known.map(group),
    {
      title: typed.size > 0 ? "Settings" : "",
      names: simpleFirst(settings, td),
      isReadings: false,
    },
    ...others.map(group),
    ...(typed.has(LAST) ? [group(LAST)] : []),
    { title: "Readings", names: readings, isReadings: true },
  ].filter(({ names }) => names.length > 0);
}

/** The affordances whose name, title, description or group has all words of a text. */
export function matchesSearch(text: string, name: string, described: JsonObject): boolean {
  const description = descriptionIn(described) ?? "";
  const types = typesOf(described).join(" ");
  const haystack = `${name} ${titleOf(name, described)} ${description} ${types}`.toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => haystack.includes(word));
}

function groupTypeOf(schema: Schema): string | undefined {
  const types = typesOf(schema).map((type) => type.split(/[#/:]/).at(-1) ?? type);
  return types.find((type) => type !== "" && !SINGLE.test(type));
}

function groupTitle(type: string): string {
  if (type === LAST) return "Camera";
  return titleOf(type.replace(/(Control|Setting|Group)s?$/, "") || type, {}).replace(
    /(?<=.)[A-Z](?=[a-z])/g,
    (letter) => letter.toLowerCase(),
  );
}

/** A switch is at hand before a table is. */
function simpleFirst(names: readonly string[], td: JsonObject): readonly string[] {
  const { properties } = affordancesOf(td);
  const isSimple = (name: string) => !/^(object|array)$/.test(String(properties.get(name)?.type));
  return [...names.filter(isSimple), ...names.filter((name) => !isSimple(name))];
}
