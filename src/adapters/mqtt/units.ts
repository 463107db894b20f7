/** How Home Assistant writes a unit, where descriptions write it in another way. */
const WRITTEN: Readonly<Record<string, string>> = {
  um: "µm",
  us: "µs",
  "100 us": "100 µs",
  deg: "°",
  Cel: "°C",
  bytes: "B",
  pixels: "px",
  "frames per second": "fps",
};

/**
 * What a quantity is, where its unit leaves no doubt. Kelvin is left out: of cameras it is mostly a colour temperature, which
 * Home Assistant would convert to degrees.
 * @see https://www.home-assistant.io/integrations/sensor/#device-class
 */
const CLASSES: Readonly<Record<string, readonly string[]>> = {
  temperature: ["°C", "°F"],
  duration: ["ms", "s", "min", "h", "d"],
  frequency: ["Hz", "kHz", "MHz", "GHz"],
  data_size: ["B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB"],
  data_rate: ["B/s", "kB/s", "MB/s", "GB/s", "KiB/s", "MiB/s"],
  voltage: ["mV", "V"],
  current: ["mA", "A"],
  power: ["W", "kW"],
  pressure: ["Pa", "hPa", "kPa", "bar", "mbar"],
  illuminance: ["lx"],
  distance: ["mm", "cm", "m", "km"],
};

const CLASS_OF = new Map(
  Object.entries(CLASSES).flatMap(([name, units]) => units.map((unit) => [unit, name] as const)),
);

/** Unit and device class of a number, as an entity has them. */
export function quantity(unit: unknown): {
  readonly unit_of_measurement?: string;
  readonly device_class?: string;
} {
  if (typeof unit !== "string" || unit === "") return {};
  const written = WRITTEN[unit] ?? unit;
  const known = CLASS_OF.get(written);
  return { unit_of_measurement: written, ...(known !== undefined && { device_class: known }) };
}
