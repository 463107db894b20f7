/** Units as they are shown: Thing Descriptions write them in ASCII, in words, or as names of ontologies. */
const SHOWN: ReadonlyMap<string, string> = new Map([
  ["um", "µm"],
  ["us", "µs"],
  ["micrometer", "µm"],
  ["micrometre", "µm"],
  ["microsecond", "µs"],
  ["millimetre", "mm"],
  ["millimeter", "mm"],
  ["millisecond", "ms"],
  ["second", "s"],
  ["deg", "°"],
  ["degree", "°"],
  ["arcsec", "″"],
  ["celsius", "°C"],
  ["degree celsius", "°C"],
  ["degc", "°C"],
  ["deg_c", "°C"],
  ["kelvin", "K"],
  ["percent", "%"],
  ["hertz", "Hz"],
  ["volt", "V"],
  ["ampere", "A"],
  ["watt", "W"],
  ["ohm", "Ω"],
]);

/** `us` is µs, `100 us` is × 100 µs, `qudt:MilliSEC` is MilliSEC. */
export function unitText(unit: string | undefined): string {
  if (!unit) return "";
  const [, count, rest = ""] = /^\s*(\d[\d.]*)?\s*(.*)$/s.exec(unit) ?? [];
  const name = /^([a-z][\w+.-]*:)/i.test(rest) ? (rest.split(/[/#:]/).at(-1) ?? rest) : rest;
  const shown = SHOWN.get(name.toLowerCase()) ?? name;
  return count === undefined ? shown : `× ${count} ${shown}`.trim();
}

/** A number with its unit. Whole numbers beyond those that a browser holds are about right. */
export function withUnit(value: number, unit: string | undefined): string {
  const shown = unitText(unit);
  const gap = shown === "" || /^[°″%]$/.test(shown) ? "" : "\u202f";
  const isRounded = Math.abs(value) > Number.MAX_SAFE_INTEGER && Number.isInteger(value);
  return `${isRounded ? "≈ " : ""}${numberText(value)}${gap}${shown}`;
}

/** A number as it is shown: what floating point adds behind the twelfth digit is left out. */
export function numberText(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(12)));
}
