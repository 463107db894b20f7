import type { V4l2Control, V4l2Description } from "./messages.ts";

type Modes = V4l2Description["modes"];

/** `v4l2-ctl`'s words for types of controls. */
const TYPES: Readonly<Record<string, string>> = {
  int: "integer",
  bool: "boolean",
  menu: "menu",
  intmenu: "integer-menu",
  bitmask: "bitmask",
  button: "button",
  int64: "integer64",
  str: "string",
};
const CONTROL = /^\s+(\w+) 0x([0-9a-f]{8}) \((\w+)\)\s*: ?(.*)$/;
const ENTRY = /^\s+(\d+): (.*?)(?: \((0x[0-9a-f]+)\))?$/;

/** Controls as `v4l2-ctl -L` lists them, with the names that it gives them; those of other types than it can set are left out. */
export function controlsIn(text: string): (V4l2Control & { readonly ctlName: string })[] {
  const controls: (V4l2Control & { ctlName: string })[] = [];
  for (const line of text.split("\n")) {
    const [, ctlName, id = "", kind = "", words = ""] = CONTROL.exec(line) ?? [];
    const type = TYPES[kind];
    if (ctlName) {
      if (type) controls.push(controlOf(ctlName, id, type, words));
      continue;
    }
    const [, index, name = ""] = ENTRY.exec(line) ?? [];
    if (index !== undefined) controls.at(-1)?.menu?.push({ index: Number(index), name });
  }
  return controls;
}

function controlOf(ctlName: string, id: string, type: string, words: string) {
  const number = (member: string) => {
    const found = new RegExp(`\\b${member}=(-?(?:0x[0-9a-f]+|\\d+))`).exec(words)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const flags = /flags=([\w, -]+)/.exec(words)?.[1]?.split(", ") ?? [];
  const text = /\bvalue='(.*)'/.exec(words)?.[1] ?? "";
  const isSwitch = type === "boolean";
  return {
    ...{ ctlName, id: Number.parseInt(id, 16), name: titleOf(ctlName), type, flags },
    ...{ min: isSwitch ? 0 : (number("min") ?? 0), max: isSwitch ? 1 : (number("max") ?? 0) },
    step: number("step") ?? 1,
    default: isSwitch ? number("default") === 1 : (number("default") ?? null),
    value: isSwitch ? number("value") === 1 : type === "string" ? text : (number("value") ?? null),
    ...(type.endsWith("menu") && { menu: [] }),
  };
}

/** `Exposure Time Absolute` */
function titleOf(ctlName: string): string {
  return ctlName.replace(/(?:^|_)(\w)/g, (_, letter: string) => ` ${letter.toUpperCase()}`).trim();
}

/** Modes as `v4l2-ctl --list-formats-ext` lists them; of sizes that are not discrete the largest. */
export function modesIn(text: string): Modes {
  const modes: Modes = [];
  for (const line of text.split("\n")) {
    const [, fourcc, description = ""] = /\[\d+\]: '(.{4})' \((.*)\)/.exec(line) ?? [];
    if (fourcc) {
      const payload = /^M?JPE?G$/.test(fourcc) ? "jpeg" : "encoded";
      modes.push({ fourcc: fourcc.trim(), description, payload, sizes: [] });
    }
    const [, width, height] = /Size: .*?(\d+)x(\d+)(?: with step .*)?$/.exec(line) ?? [];
    const size = { type: "discrete" as const, width: Number(width), height: Number(height) };
    if (width) modes.at(-1)?.sizes.push({ ...size, intervals: [] });
    const rate = /Interval: .*\(([\d.]+)(?:-[\d.]+)? fps\)/.exec(line)?.[1];
    if (rate === undefined) continue;
    const interval: [number, number] = [1000, Math.round(1000 * Number(rate))];
    modes.at(-1)?.sizes.at(-1)?.intervals.push({ type: "discrete", interval });
  }
  return modes;
}

/** What `v4l2-ctl -D` says of the device. */
export function aboutIn(text: string): Pick<V4l2Description, "driver" | "card" | "bus_info"> {
  const of = (name: string) =>
    new RegExp(`^\\s*${name}\\s*: (.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
  return { driver: of("Driver name"), card: of("Card type"), bus_info: of("Bus info") };
}

/** The system's name of an error that `v4l2-ctl` printed in words. */
export function errnoIn(text: string): string {
  const known: readonly (readonly [RegExp, string])[] = [
    [/No such (?:device|file)/i, "ENODEV"],
    [/busy/i, "EBUSY"],
    [/out of range/i, "ERANGE"],
    [/Permission denied/i, "EACCES"],
    [/No space left/i, "ENOSPC"],
    [/Invalid argument|value .* out/i, "EINVAL"],
  ];
  return known.find(([words]) => words.test(text))?.[1] ?? "EIO";
}
