import { isRecord } from "../../base/values.ts";
import { quantity } from "./units.ts";

/** An entity of Home Assistant, as discovery describes it. */
export type Entity = Readonly<Record<string, unknown>> & { readonly platform: string };

/** Where a property is told and set. */
interface PropertyTopics {
  readonly state: string;
  /** Undefined of a property that is not written. */
  readonly set: string | undefined;
}

/** Fields of a property that become entities. */
const MOST_FIELDS = 12;
/** Characters of a state in Home Assistant. */
const LONGEST_STATE = 255;
/** Home Assistant's smallest step of a number. */
const SMALLEST_STEP = 1e-3;
/** Stands for a limit that a number does not have. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * The entities for a property, by the ends of their keys: "" for the property itself, the name of a field for each field of an
 * object, which can be read only. None for arrays and whatever else Home Assistant has no entity for.
 * @param affordance - As in a Thing Description.
 */
export function propertyEntities(
  affordance: Readonly<Record<string, unknown>>,
  topics: PropertyTopics,
): Map<string, Entity> {
  const schema = withoutNull(affordance);
  const whole = topics.set === undefined ? sensor(schema) : control(schema, topics.set);
  if (whole) return new Map([["", { state_topic: topics.state, ...whole }]]);
  const fields = isRecord(schema.properties) ? Object.entries(schema.properties) : [];
  const entities = fields.flatMap(([name, field]) => {
    const entity = isRecord(field) && sensor(withoutNull(field), name);
    return entity ? [[name, { state_topic: topics.state, ...entity }] as const] : [];
  });
  return new Map(entities.slice(0, MOST_FIELDS));
}

/** A button, for an action that can be started without input. */
export function actionEntity(
  { input }: Readonly<Record<string, unknown>>,
  topic: string,
): Entity | undefined {
  const needsInput =
    isRecord(input) &&
    (input.type !== "object" || (Array.isArray(input.required) && input.required.length > 0));
  if (needsInput) return undefined;
  return { platform: "button", command_topic: topic, payload_press: input ? "{}" : "" };
}

export function eventEntity(name: string, topic: string): Entity {
  const told = `{'event_type': ${JSON.stringify(name)}, 'data': value_json}`;
  return {
    platform: "event",
    state_topic: topic,
    event_types: [name],
    value_template: `{{ ${told} | to_json }}`,
  };
}

export function pictureEntity(picture: string, addresses: string): Entity {
  return { platform: "image", url_topic: picture, json_attributes_topic: addresses };
}

/** What a value is set by; undefined for what Home Assistant has no control for. */
function control(schema: Readonly<Record<string, unknown>>, set: string): Entity | undefined {
  const command = { command_topic: set, entity_category: "config" };
  const options = enumIn(schema);
  if (options) {
    const isText = options.every((option) => typeof option === "string");
    return {
      ...{ platform: "select", ...command, options: options.map(String) },
      value_template: VALUE,
      ...(isText && { command_template: QUOTED }),
    };
  }
  if (schema.type === "boolean")
    return { platform: "switch", ...command, payload_on: "true", payload_off: "false" };
  if (schema.type === "integer" || schema.type === "number") return number(schema, command);
  if (schema.type !== "string") return undefined;
  const max = Math.min(LONGEST_STATE, amount(schema.maxLength) ?? LONGEST_STATE);
  return {
    ...{ platform: "text", ...command, min: Math.min(max, amount(schema.minLength) ?? 0), max },
    value_template: SHORTENED,
    command_template: QUOTED,
  };
}

function number(schema: Readonly<Record<string, unknown>>, command: object): Entity | undefined {
  const { unit_of_measurement, ...quality } = quantity(schema.unit);
  const step = stepOf(schema);
  if (step < SMALLEST_STEP)
    return { platform: "text", ...command, max: LONGEST_STATE, value_template: VALUE };
  const above = amount(schema.exclusiveMinimum);
  const below = amount(schema.exclusiveMaximum);
  const min = amount(schema.minimum) ?? (above === undefined ? undefined : above + step);
  const max = amount(schema.maximum) ?? (below === undefined ? undefined : below - step);
  if ((min ?? -NO_LIMIT) >= (max ?? NO_LIMIT)) return sensor(schema); // nothing to choose, and Home Assistant takes no such limits
  const isRange = min !== undefined && max !== undefined;
  return {
    ...{ platform: "number", ...command, ...quality },
    ...(unit_of_measurement !== undefined && { unit_of_measurement }),
    ...{ min: min ?? -NO_LIMIT, max: max ?? NO_LIMIT, step },
    mode: isRange ? "auto" : "box",
    value_template: VALUE,
  };
}

/** As the schema says, or fine enough for a thousand of them. */
function stepOf({ type, multipleOf, minimum, maximum }: Readonly<Record<string, unknown>>): number {
  const told = amount(multipleOf);
  if (told !== undefined && told > 0) return told;
  if (type === "integer") return 1;
  const [min, max] = [amount(minimum), amount(maximum)];
  if (min === undefined || max === undefined || max <= min) return SMALLEST_STEP;
  return Math.min(1, 10 ** Math.floor(Math.log10((max - min) / 1000)));
}

/** What a value is shown by. @param field - Of an object; the value itself when absent. */
function sensor(schema: Readonly<Record<string, unknown>>, field?: string): Entity | undefined {
  const value = field === undefined ? "value_json" : `value_json[${JSON.stringify(field)}]`;
  const shown = { value_template: field === undefined ? VALUE : known(value) };
  const options = enumIn(schema);
  if (options)
    return { platform: "sensor", device_class: "enum", options: options.map(String), ...shown };
  if (schema.type === "boolean")
    return { platform: "binary_sensor", value_template: known(value, "'ON' if v else 'OFF'") };
  if (schema.type === "integer" || schema.type === "number")
    return { platform: "sensor", ...quantity(schema.unit), ...shown };
  if (schema.type !== "string") return undefined;
  if (schema.contentEncoding !== undefined) return undefined;
  if (schema.format === "date-time")
    return { platform: "sensor", device_class: "timestamp", ...shown };
  return { platform: "sensor", value_template: field === undefined ? SHORTENED : shortened(value) };
}

/** Home Assistant's word for no value is None. @param shown - What is shown of a value `v`. */
function known(value: string, shown = "v"): string {
  return `{% set v = ${value} | default(none) %}{{ 'None' if v is none else ${shown} }}`;
}

function shortened(value: string): string {
  return known(value, `(v | string)[:${LONGEST_STATE}]`);
}

const VALUE = known("value_json");
const SHORTENED = shortened("value_json");
const QUOTED = "{{ value | to_json }}";

/** Values to choose from, of one kind that has one form in words. */
function enumIn(schema: Readonly<Record<string, unknown>>): (string | number)[] | undefined {
  const values = Array.isArray(schema.enum) ? schema.enum : constantsIn(schema);
  const options = values.filter((value) => value !== null);
  const isChoice = options.every((one) => typeof one === "string" || typeof one === "number");
  const areDistinct = new Set(options.map(String)).size === options.length;
  return isChoice && areDistinct && options.length > 0 ? options : undefined;
}

/** The values of a union of constants, which is how a description gives choices that have titles. */
function constantsIn({ anyOf, oneOf, ...schema }: Readonly<Record<string, unknown>>): unknown[] {
  const ways: unknown[] = [anyOf, oneOf].find(Array.isArray) ?? [schema];
  const isConstant = (way: unknown) =>
    isRecord(way) && (way.const !== undefined || way.type === "null");
  return ways.every(isConstant)
    ? ways.map((way) => (isRecord(way) ? (way.const ?? null) : null))
    : [];
}

/** The schema of the values other than null. */
function withoutNull(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { type, anyOf, oneOf } = schema;
  if (Array.isArray(type)) {
    const types = type.filter((one) => one !== "null");
    return types.length === 1 ? { ...schema, type: types[0] } : schema;
  }
  const ways = [anyOf, oneOf].find(Array.isArray)?.filter(isRecord);
  const others = ways?.filter(({ type }) => type !== "null");
  return others?.length === 1 ? { ...schema, ...others[0] } : schema;
}

function amount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}
