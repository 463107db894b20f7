import { type InputFault, ThingError, unknownAffordance } from "../base/errors.ts";
import { isRecord } from "../base/values.ts";
import type { PropertyAffordance } from "./affordances.ts";
import { isLimitFault, sentenceOf } from "./faults.ts";
import { incoming } from "./schema.ts";

type Properties = ReadonlyMap<string, PropertyAffordance>;

/** A new value, as it was sent, and what is wrong with it as long as its property has that schema. */
interface Wanted {
  readonly property: PropertyAffordance;
  readonly given: unknown;
  readonly value: unknown;
  readonly faults: readonly InputFault[];
}

/** A value that fits the schema of its property. */
export interface Change {
  readonly property: PropertyAffordance;
  readonly value: unknown;
}

/** What is to be known of the Thing that they are for. */
interface Target {
  readonly thing: string;
  /** Those that it has now. */
  readonly properties: () => Properties;
  /** Whether setting a property runs code of the Thing, which may move limits. */
  readonly mayMoveLimits: (property: PropertyAffordance) => boolean;
}

/** New values for several properties of one Thing, which may depend on one another: one that is set may move the limits of the others. */
export class WantedValues {
  readonly properties: readonly PropertyAffordance[];
  readonly #target: Target;
  #left: Wanted[];
  #set: string[] = [];

  /**
   * @throws {ThingError} `UNKNOWN_AFFORDANCE`; `INVALID_INPUT` with each fault of each value, where another that is set first cannot put
   *   that right: of a wrong type, or out of limits that nothing moves.
   */
  constructor(values: unknown, target: Target) {
    if (!isRecord(values)) throw notAnObject();
    this.#target = target;
    const known = target.properties();
    this.#left = Object.entries(values).map(([name, given]) => {
      const property = known.get(name);
      if (!property) throw unknownAffordance(target.thing, "property", name, known.keys());
      return lookedAt(property, given);
    });
    this.properties = this.#left.map(({ property }) => property);
    const faults = this.#left.flatMap((wanted) => wanted.faults);
    if (faults.length === 0) return;
    const isFit = ({ faults, property }: Wanted) =>
      faults.length === 0 && target.mayMoveLimits(property);
    if (faults.every(isLimitFault) && this.#left.some(isFit)) return;
    throw unfit(`No property of Thing '${target.thing}' was set: ${sentenceOf(faults)}.`, faults);
  }

  get isAllSet(): boolean {
    return this.#left.length === 0;
  }

  /**
   * The first of those that are left, in the order in which they were sent, that fits now; undefined when none is left.
   * @throws {ThingError} `INVALID_INPUT` when none of those that are left fits.
   */
  next(): Change | undefined {
    if (this.#left.length === 0) return undefined;
    const known = this.#target.properties();
    this.#left = this.#left.map((wanted) => {
      const property = known.get(wanted.property.name) ?? wanted.property; // a gone one is refused when it is set
      return property.schema === wanted.property.schema ? wanted : lookedAt(property, wanted.given);
    });
    const found = this.#left.find(({ faults }) => faults.length === 0);
    if (!found) throw this.#stuck();
    this.#left = this.#left.filter((wanted) => wanted !== found);
    this.#set.push(found.property.name);
    return found;
  }

  #stuck(): ThingError {
    const faults = this.#left.flatMap((wanted) => wanted.faults);
    const set = this.#set.map((name) => `'${name}'`).join(", ");
    return unfit(
      `The values for Thing '${this.#target.thing}' do not fit one another: ${sentenceOf(faults)}${set && `, also after ${set} was set`}.`,
      faults,
    );
  }
}

function lookedAt(property: PropertyAffordance, given: unknown): Wanted {
  const { name, schema, readOnly } = property;
  if (readOnly) return { property, given, value: given, faults: [readOnlyFault(name, given)] };
  return { property, given, ...incoming(schema, given, { root: ["body", name] }) };
}

function notAnObject(): ThingError {
  const msg = "Input should be a valid dictionary or object";
  return unfit(
    'No property was set: send an object of new values by property, e.g. {"exposure": 20}.',
    [{ type: "dict_type", loc: ["body"], msg }],
  );
}

function unfit(sentence: string, faults: readonly InputFault[]): ThingError {
  return new ThingError("INVALID_INPUT", sentence, { faults });
}

function readOnlyFault(name: string, input: unknown): InputFault {
  return { type: "read_only", loc: ["body", name], msg: "Property is read-only", input };
}
