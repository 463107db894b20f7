import { isDeepStrictEqual } from "node:util";
import type { TSchema } from "typebox";
import { messageOf, ThingError, unknownAffordance } from "../base/errors.ts";
import { countedLimit } from "../base/limit-hits.ts";
import { namesTaken, soundAddition } from "./affordance-names.ts";
import { actionTerms } from "./affordance-options.ts";
import {
  type ActionAffordance,
  type Affordance,
  affordancesOf,
  type EventAffordance,
  type PropertyAffordance,
  type ThingClass,
} from "./affordances.ts";
import { ThingEvent } from "./event.ts";
import { shapeOf, typeOf, wordsOf } from "./instance-shape.ts";
import { InstanceWords, type SomeWords, type ThingWords, withWords } from "./instance-words.ts";
import { classNameOf } from "./member-name.ts";
import type { AddedAction, AddedEvent, AddedProperty } from "./own-affordances.ts";
import { accept, checkedSchema } from "./schema.ts";

/** That one Thing adds. */
const MOST_ADDED = 1000;
const tooMany = countedLimit("added_affordances");

type Own = PropertyAffordance | ActionAffordance | EventAffordance;

/** What this has to know of a Thing. */
interface Named {
  /** In its host; empty outside one. */
  readonly name: string;
}

/** What it changes of a model. */
interface Changing extends ThingWords {
  readonly properties: ReadonlyMap<string, PropertyAffordance>;
  readonly actions: ReadonlyMap<string, ActionAffordance>;
  readonly events: ReadonlyMap<string, EventAffordance>;
}

interface Entry {
  readonly affordance: Own;
  /** In which opening it was added last; 0 before the first. */
  readonly opening: number;
}

/** What of a Thing's model is another one now. */
export interface ModelChange {
  /** `limits`: names, forms and ways of access are as they were, and schemas or words are not. */
  readonly what: "affordances" | "limits";
}

/** What one Thing adds to the affordances of its class, and which limits of its class's it has moved. */
export class InstanceAffordances {
  readonly #thing: Named;
  readonly #added = new Map<string, Entry>();
  /** Schemas that stand in the place of those that the class declares, by property. */
  readonly #moved = new Map<string, TSchema>();
  readonly #words = new InstanceWords();
  #declared: readonly Affordance[] | undefined;
  #taken: ReadonlyMap<string, string> | undefined;
  #opening = 0;
  #onChange: (change: ModelChange) => void = () => {};

  constructor(thing: Named) {
    this.#thing = thing;
  }

  /** Calls `listener` at each change, in its tick; there is one, the Thing's host. */
  follow(listener: (change: ModelChange) => void): void {
    this.#onChange = listener;
  }

  /** @throws {ThingError} `BAD_ARGUMENT` for what is no text. */
  describeAs(words: SomeWords): void {
    if (this.#words.set(classNameOf(this.#thing), words)) this.#onChange({ what: "limits" });
  }

  addProperty<S extends TSchema>(added: AddedProperty<S>): void {
    this.#assertObject("addProperty", added);
    const { name, title, description = title, schema, types, withinMs } = added;
    const { read, write } = added;
    if (typeof read !== "function") throw this.#refusal(`The property '${name}' has no read()`);
    if (write !== undefined && typeof write !== "function")
      throw this.#refusal(`The write of property '${name}' is not a function`);
    const initial = this.#initialOf(added);
    const affordance: PropertyAffordance = {
      ...{ kind: "property", name, member: name, title, description, schema },
      saved: added.saved ?? false,
      readOnly: write === undefined,
      observable: added.observable ?? false,
      resettable: write !== undefined && initial !== undefined,
      useGlobalLock: added.useGlobalLock ?? true,
      ...(types && { types }),
      ...(withinMs !== undefined && { withinMs }),
      own: {
        read: (signal) => read.call(added, signal),
        ...(write && { write: (value, signal) => write.call(added, value as never, signal) }),
        initial,
      },
    };
    this.#add(affordance);
  }

  addAction<I extends TSchema, O extends TSchema>(added: AddedAction<I, O>): void {
    this.#assertObject("addAction", added);
    const { name, title, description = title, types, run } = added;
    if (typeof run !== "function") throw this.#refusal(`The action '${name}' has no run()`);
    this.#add({
      ...{ kind: "action", name, member: name, title, description },
      ...(types && { types }),
      ...actionTerms(added),
      run: (given, invocation) => run.call(added, given as never, invocation),
    });
  }

  /** @returns What to emit it with: the same one when it was added before. */
  addEvent<D>(added: AddedEvent): ThingEvent<D> {
    this.#assertObject("addEvent", added);
    const { name, title, description = title, schema, role, types } = added;
    if (schema === undefined)
      throw this.#refusal(
        `The event '${name}' has no schema. Specify the data that it is emitted with, or Type.Null() for none`,
      );
    const before = this.#added.get(name)?.affordance;
    const emitter = (before?.kind === "event" && before.emitter) || new ThingEvent<unknown>();
    this.#add({
      ...{ kind: "event", name, member: name, title, description, data: schema, emitter },
      ...(types && { types }),
      ...(role !== undefined && { role }),
    });
    return emitter as ThingEvent<D>;
  }

  /** @throws {ThingError} `UNKNOWN_AFFORDANCE` for one that the Thing has not added. */
  remove(kind: Own["kind"], name: string): void {
    if (this.#added.get(name)?.affordance.kind !== kind)
      throw unknownAffordance(this.#name, `${kind} of its own`, name, this.#namesOf(kind));
    this.#added.delete(name);
    this.#onChange({ what: "affordances" });
  }

  /**
   * Puts another schema in the place of a property's, of the same type.
   * @throws {ThingError} `UNKNOWN_AFFORDANCE`; `BAD_ARGUMENT` for a schema that cannot be used, or is of another type.
   */
  changeSchema(name: string, schema: TSchema): void {
    const before = this.#schemaOf(name);
    const plain = checkedSchema(schema, `property '${name}' of ${classNameOf(this.#thing)}`);
    if (typeOf(plain) !== typeOf(before.schema))
      throw this.#refusal(
        `The schema of property '${name}' cannot change its type from ${typeOf(before.schema)} to ${typeOf(plain)}: clients rely on it. Change limits only, and write the whole schema`,
      );
    if (isDeepStrictEqual(plain, before.current)) return;
    if (before.entry) {
      const affordance = { ...(before.entry.affordance as PropertyAffordance), schema: plain };
      this.#added.set(name, { ...before.entry, affordance });
    } else this.#moved.set(name, plain);
    this.#onChange({ what: "limits" });
  }

  /** The schema that a property of the class has now, where it has moved. */
  movedSchema(name: string): TSchema | undefined {
    return this.#moved.get(name);
  }

  /** What is added from now on belongs to this opening of the Thing. */
  beginOpening(): void {
    this.#opening += 1;
    this.#words.beginOpening();
  }

  /** It is open: what it had added in earlier openings and not again is gone with the device that had it. */
  endOpening(): void {
    const gone = [...this.#added].filter(
      ([, { opening }]) => opening !== 0 && opening !== this.#opening,
    );
    for (const [name] of gone) this.#added.delete(name);
    const isRenamed = this.#words.endOpening();
    if (gone.length > 0) this.#onChange({ what: "affordances" });
    else if (isRenamed) this.#onChange({ what: "limits" });
  }

  /** A model with all that is added, moved and said otherwise in it. */
  in<M extends Changing>(ofClass: M): M {
    const declared = withWords(ofClass, this.#words.all);
    if (this.#added.size + this.#moved.size === 0) return declared;
    const own = [...this.#added.values()].map(({ affordance }) => affordance);
    const properties = [...declared.properties.values()].map((property) => {
      const schema = this.#moved.get(property.name);
      return schema ? { ...property, schema } : property;
    });
    return {
      ...declared,
      properties: byName([...properties, ...own.filter((one) => one.kind === "property")]),
      actions: byName([
        ...declared.actions.values(),
        ...own.filter((one) => one.kind === "action"),
      ]),
      events: byName([...declared.events.values(), ...own.filter((one) => one.kind === "event")]),
    };
  }

  #add(affordance: Own): void {
    const { name, kind } = affordance;
    this.#taken ??= namesTaken(this.#ofClass());
    const sound = soundAddition(this.#thing, affordance, this.#taken);
    const entry = this.#added.get(name);
    const before = entry?.affordance;
    if (before && before.kind !== kind)
      throw this.#refusal(`It has added the ${before.kind} '${name}' before. Rename the ${kind}`);
    if (!before && this.#added.size >= MOST_ADDED) {
      tooMany.hit();
      throw this.#refusal(
        `The ${kind} '${name}' was not added, because it has added ${MOST_ADDED} affordances already, which is the limit. Leave some out`,
      );
    }
    if (entry?.opening !== this.#opening) this.#added.delete(name); // in the order of this opening
    this.#added.set(name, { affordance: sound, opening: this.#opening });
    if (!before || !isDeepStrictEqual(shapeOf(before), shapeOf(sound)))
      this.#onChange({ what: "affordances" });
    else if (!isDeepStrictEqual(wordsOf(before), wordsOf(sound)))
      this.#onChange({ what: "limits" });
  }

  /** Its class was looked at when it was added to its host: what cannot be read there is told there. */
  #ofClass(): readonly Affordance[] {
    try {
      this.#declared ??= affordancesOf(this.#thing.constructor as ThingClass);
    } catch (error) {
      throw this.#refusal(`Its affordances cannot be read: ${messageOf(error)}`);
    }
    return this.#declared;
  }

  #schemaOf(name: string) {
    const entry = this.#added.get(name);
    if (entry?.affordance.kind === "property") {
      const { schema } = entry.affordance;
      return { entry, schema, current: schema };
    }
    const known = this.#ofClass().filter((one) => one.kind === "property");
    const declared = known.find((one) => one.name === name);
    if (!declared)
      throw unknownAffordance(this.#name, "property", name, [
        ...known.map((one) => one.name),
        ...this.#namesOf("property"),
      ]);
    const { schema } = declared;
    const plain = checkedSchema(schema, `property '${name}'`);
    return { entry: undefined, schema: plain, current: this.#moved.get(name) ?? plain };
  }

  #initialOf({ name, schema, initial }: AddedProperty): unknown {
    if (initial === undefined) return undefined;
    const sound = checkedSchema(schema, `property '${name}' of ${classNameOf(this.#thing)}`);
    return accept(sound, initial, `The initial value of property '${name}'`);
  }

  #namesOf(kind: Own["kind"]): string[] {
    return [...this.#added].filter(([, one]) => one.affordance.kind === kind).map(([name]) => name);
  }

  get #name(): string {
    return this.#thing.name || classNameOf(this.#thing);
  }

  /** JavaScript may give anything. */
  #assertObject(method: string, given: unknown): void {
    if (typeof given !== "object" || given === null)
      throw this.#refusal(`${method}() needs an object, e.g. { name: "gain", title: "Gain", ... }`);
  }

  #refusal(sentence: string): ThingError {
    return new ThingError("BAD_ARGUMENT", `${classNameOf(this.#thing)}: ${sentence}.`);
  }
}

const ofThings = new WeakMap<Named, InstanceAffordances>();

/** What a Thing has added itself: from its constructor on, before it has a host. */
export function instanceAffordances(thing: Named): InstanceAffordances {
  const known = ofThings.get(thing) ?? new InstanceAffordances(thing);
  ofThings.set(thing, known);
  return known;
}

/** The schema that a property of a Thing's class has now, where that has moved. */
export function movedSchema(thing: Named, property: string): TSchema | undefined {
  return ofThings.get(thing)?.movedSchema(property);
}

function byName<A extends Own>(affordances: readonly A[]): Map<string, A> {
  return new Map(affordances.map((affordance) => [affordance.name, affordance]));
}
