import type { Static, TSchema } from "typebox";
import { ThingError } from "../base/errors.ts";
import type { AffordanceOptions, PropertyTerms } from "./affordance-options.ts";
import { declare, type PropertyAffordance } from "./affordances.ts";
import { rememberInitial } from "./initial-values.ts";
import { movedSchema } from "./instance-affordances.ts";
import type { Given } from "./json-value.ts";
import { ACCESSOR_OR_GETTER, classNameOf, memberName, naming } from "./member-name.ts";
import { accept } from "./schema.ts";
import { guardSetter, rememberStore } from "./setters.ts";
import { assertMaySet, Thing } from "./thing.ts";

/** How a property may be used. */
export interface PropertyOptions extends AffordanceOptions, PropertyTerms {
  /** Clients may not write it; the class itself may. */
  readOnly?: boolean;
  /**
   * For a getter: the method that sets the value, `(value, signal)`. It may be `async`: a client's write is answered when it ends, and
   * what it throws or rejects with is the answer. Writes of one property follow one another. The signal aborts when time is up or the
   * Thing closes. A JavaScript setter cannot be waited for.
   */
  set?: string;
  /**
   * For a getter: the method that reads the value from the device, `(signal)`, for clients and settings; the getter itself is for the
   * class. The signal aborts also when the client has gone.
   */
  get?: string;
}

interface PropertyDecorator<V> {
  <T extends Thing, M>(
    target: ClassAccessorDecoratorTarget<T, M>,
    context: ClassAccessorDecoratorContext<T, M> & Same<M, V>,
  ): ClassAccessorDecoratorResult<T, M>;
  <T extends Thing, M extends Given<V>>(
    target: (this: T) => M,
    context: ClassGetterDecoratorContext<T, M>,
  ): void;
}

/** `unknown` when a member's type is its schema's; otherwise a type whose name is the complaint. */
type Same<M, V> = [M] extends [V]
  ? [V] extends [M]
    ? unknown
    : { "the member is narrower than its schema": V }
  : { "the member is wider than its schema": V };

function stateful<S extends TSchema>(
  saved: boolean,
  description: string,
  schema: S,
  options: PropertyOptions,
): PropertyDecorator<Static<S>> {
  const decorate = (
    target: ClassAccessorDecoratorTarget<Thing, unknown>,
    context:
      | ClassAccessorDecoratorContext<Thing, unknown>
      | ClassGetterDecoratorContext<Thing, unknown>,
  ): ClassAccessorDecoratorResult<Thing, unknown> | undefined => {
    const member = memberName(context, ["accessor", "getter"], ACCESSOR_OR_GETTER);
    const name = options.name ?? member;
    const isAccessor = context.kind === "accessor";
    for (const option of ["set", "get"] as const) {
      if (!isAccessor || options[option] === undefined) continue;
      throw new ThingError(
        "BAD_ARGUMENT",
        `'${member}' is an accessor, which ${option}s itself: '${option}' is for a getter.`,
      );
    }
    const affordance: PropertyAffordance = {
      ...naming(member, description, options),
      kind: "property",
      schema,
      saved,
      readOnly: options.readOnly ?? false,
      observable: isAccessor || (options.observable ?? false),
      resettable: isAccessor,
      ...(options.set !== undefined && { setter: options.set }),
      ...(options.get !== undefined && { getter: options.get }),
      ...(options.withinMs !== undefined && { withinMs: options.withinMs }),
      useGlobalLock: options.useGlobalLock ?? true,
    };
    declare(context.metadata, affordance);
    if (!isAccessor) {
      if (affordance.useGlobalLock) {
        context.addInitializer(function (this: Thing) {
          guardSetter(this, member, (thing: Thing) => assertMaySet(thing, name));
        });
      }
      return;
    }
    function store(this: Thing, value: unknown): void {
      target.set.call(this, value);
      if (this.changed !== Thing.prototype.changed) this.changed(name); // a class that wants to hear of it
    }
    // The Thing's own code: nobody has looked at the value yet.
    function set(this: Thing, value: unknown): void {
      if (affordance.useGlobalLock) assertMaySet(this, name);
      const owner = this.name === "" ? classNameOf(this) : `Thing '${this.name}'`;
      const limits = movedSchema(this, name) ?? schema;
      const own = accept(limits, value, `Property '${name}' of ${owner}`, { isOwn: true });
      target.set.call(this, own);
      this.changed(name);
    }
    rememberStore(set, store);
    return {
      init(this: Thing, value: unknown) {
        rememberInitial(this, member, value);
        return value;
      },
      set,
    };
  };
  return decorate as PropertyDecorator<Static<S>>;
}

/** State that clients can read, and write unless it is read-only. On an `accessor`, or on a getter (writable if it has a setter). */
export function property<S extends TSchema>(
  description: string,
  schema: S,
  options: PropertyOptions = {},
) {
  return stateful(false, description, schema, options);
}

/** A property that is kept on disk. An accessor is loaded before `open`, a getter with a setter set after it. */
export function setting<S extends TSchema>(
  description: string,
  schema: S,
  options: PropertyOptions = {},
) {
  return stateful(true, description, schema, options);
}
