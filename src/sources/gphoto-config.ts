import { Type } from "typebox";
import { type DeviceControl, groupOf } from "./device-control.ts";

/** A setting of a camera, with the path that gphoto2 knows it by. */
export interface GphotoSetting extends DeviceControl {
  readonly path: string;
}

/** Sections that have commands of the wire and codes without a name, which nobody should set by chance. */
const OMITTED = /^\/main\/(actions|other)\//;
const MOST_CHOICES = 500;

/**
 * Reads what `gphoto2 --list-all-config` prints. A name that two sections use has its section before it.
 */
export function gphotoSettings(text: string): GphotoSetting[] {
  const found: GphotoSetting[] = [];
  for (const block of text.split(/^(?=\/)/m)) {
    const [first = "", ...lines] = block.split(/\r?\n/);
    const path = first.trim();
    if (!/^\/[\w/-]+$/.test(path) || OMITTED.test(path)) continue;
    const setting = settingOf(path, lines, new Set(found.map(({ name }) => name)));
    if (setting) found.push(setting);
  }
  return found;
}

function settingOf(
  path: string,
  lines: readonly string[],
  taken: ReadonlySet<string>,
): GphotoSetting | undefined {
  const field = (name: string) =>
    lines
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const current = field("Current");
  const typed = current === undefined ? undefined : typedValue(current, lines, field);
  if (!typed) return undefined;
  const [section = "", last = ""] = path.split("/").slice(-2);
  const name = taken.has(last) ? `${section}-${last}` : last;
  if (!/^[A-Za-z]/.test(name) || taken.has(name)) return undefined;
  return {
    ...{ path, name, title: field("Label") || name, group: groupOf(last) },
    ...typed,
    isReadOnly: field("Readonly") === "1" || field("Type") === "DATE" || section === "status",
  };
}

function typedValue(
  current: string,
  lines: readonly string[],
  field: (name: string) => string | undefined,
): Pick<DeviceControl, "schema" | "value"> | undefined {
  const type = field("Type");
  if (type === "TEXT")
    return { schema: Type.String({ maxLength: 200, pattern: "^[ -~]*$" }), value: current };
  if (type === "TOGGLE")
    return /^[01]$/.test(current) ? { schema: Type.Boolean(), value: current === "1" } : undefined; // 2 is "unknown"
  if (type === "RANGE") {
    const [minimum, maximum, value] = [field("Bottom"), field("Top"), current].map(Number);
    if (![minimum, maximum, value].every(Number.isFinite)) return undefined;
    return {
      schema: Type.Number({
        minimum: Math.min(minimum!, value!),
        maximum: Math.max(maximum!, value!),
      }),
      value,
    };
  }
  if (type === "RADIO" || type === "MENU") {
    const choices = lines.flatMap((line) => /^Choice: \d+ (.+)$/.exec(line)?.[1]?.trim() ?? []);
    const words = [...new Set([...choices.slice(0, MOST_CHOICES), current])];
    return { schema: Type.Enum(words), value: current };
  }
  if (type === "DATE" && Number.isFinite(Number(current)))
    return { schema: Type.Number({ unit: "s" }), value: Number(current) };
  return undefined;
}
