import type { Static, TSchema } from "typebox";
import { ThingError } from "../base/errors.ts";
import type { AffordanceOptions } from "./action-options.ts";
import { declare, type PropertyAffordance } from "./affordances.ts";
import { rememberInitial } from "./initial-values.ts";
import { ACCESSOR_OR_GETTER, classNameOf, memberName, naming } from "./member-name.ts";
import { accept } from "./schema.ts";
import { guardSetter, rememberStore } from "./setters.ts";
import { assertMaySet, Thing } from "./thing.ts";

/** How a property may be used. */
export interface PropertyOptions extends AffordanceOptions {
  /** Clients may not write it; the class itself may. */
  readOnly?: boolean;
  /** For a getter: the class calls `changed(name)` whenever the value changes. */
  observable?: boolean;
  /**
   * For a getter: the method that sets the value. It may be `async`, and whoever writes waits for it, 10 s at most: what it throws or
   * rejects with is the answer. A JavaScript setter cannot be waited for.
   */
  set?: string;
  /** Writing waits for the host's global lock, if there is one. On by default. */
  useGlobalLock?: boolean;
}

interface PropertyDecorator<V> {
  <T extends Thing, M>(
    target: ClassAccessorDecoratorTarget<T, M>,
    context: ClassAccessorDecoratorContext<T, M> & Same<M, V>,
  ): ClassAccessorDecoratorResult<T, M>;
  <T extends Thing>(target: (this: T) => V, context: ClassGetterDecoratorContext<T, V>): void;
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
    if (isAccessor && options.set !== undefined)
      throw new ThingError(
        "BAD_ARGUMENT",
        `'${member}' is an accessor, which sets itself: 'set' is for a getter.`,
      );
    const affordance: PropertyAffordance = {
      ...naming(member, description, options),
      kind: "property",
      schema,
      saved,
      readOnly: options.readOnly ?? false,
      observable: isAccessor || (options.observable ?? false),
      resettable: isAccessor,
      ...(options.set !== undefined && { setter: options.set }),
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
      const own = accept(schema, value, `Property '${name}' of ${owner}`, { isOwn: true });
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
