import type { Static, TSchema } from "typebox";
import type { ActionMethod, ActionOptions, AffordanceOptions } from "./action-options.ts";
import {
  type ActionAffordance,
  declare,
  type PropertyAffordance,
  type Role,
  type ThingClass,
} from "./affordances.ts";
import type { EndpointRequest, EndpointResponse } from "./endpoint.ts";
import type { ThingEvent } from "./event.ts";
import { rememberInitial } from "./initial-values.ts";
import { invocationFor } from "./invocation.ts";
import { lockSetter } from "./locked-setter.ts";
import { accept } from "./schema.ts";
import { connectedTo } from "./slots.ts";
import { assertMaySet, assertUsable, type Thing } from "./thing.ts";

/** How a property may be used. */
export interface PropertyOptions extends AffordanceOptions {
  /** Clients may not write it; the class itself may. */
  readOnly?: boolean;
  /** For a getter: the class calls `changed(name)` whenever the value changes. */
  observable?: boolean;
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
    const member = memberName(context);
    const name = options.name ?? member;
    const isAccessor = context.kind === "accessor";
    const affordance: PropertyAffordance = {
      ...naming(member, description, options),
      kind: "property",
      schema,
      saved,
      readOnly: options.readOnly ?? false,
      observable: isAccessor || (options.observable ?? false),
      resettable: isAccessor,
      useGlobalLock: options.useGlobalLock ?? true,
    };
    declare(context.metadata, affordance);
    if (!isAccessor) {
      if (affordance.useGlobalLock) {
        context.addInitializer(function (this: Thing) {
          lockSetter(this, member, name);
        });
      }
      return;
    }
    return {
      init(this: Thing, value: unknown) {
        rememberInitial(this, member, value);
        return value;
      },
      set(this: Thing, value: unknown) {
        if (affordance.useGlobalLock) assertMaySet(this, name);
        target.set.call(this, accept(schema, value, `Property '${name}' of Thing '${this.name}'`));
        this.changed(name);
      },
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

/** Something that takes time. The method gets its input and an Invocation, and every wait in it takes `invocation.signal`. */
export function action<I extends TSchema = TSchema, O extends TSchema = TSchema>(
  description: string,
  options: ActionOptions<I, O> = {},
) {
  return <T extends Thing, M extends ActionMethod<T, I, O>>(
    method: M,
    context: ClassMethodDecoratorContext<T, M>,
  ): M => {
    declare(context.metadata, {
      ...naming(memberName(context), description, options),
      kind: "action",
      ...(options.input && { input: options.input }),
      ...(options.output && { output: options.output }),
      safe: options.safe ?? false,
      idempotent: options.idempotent ?? false,
      synchronous: options.synchronous ?? false,
      releases: options.releases as ActionAffordance["releases"],
      retentionSeconds: options.retentionSeconds ?? 300,
      useGlobalLock: options.useGlobalLock ?? true,
    });
    const withInvocation: ActionMethod<T, I, O> = function (input, invocation) {
      assertUsable(this, `run action '${memberName(context)}'`);
      return method.call(this, input, invocation ?? invocationFor(this.log));
    };
    return withInvocation as M;
  };
}

/** Something that happens. On a field that holds a ThingEvent. */
export function event<S extends TSchema>(
  description: string,
  schema: S,
  { role, ...options }: AffordanceOptions & { role?: Role } = {},
) {
  return <T extends Thing>(
    _: undefined,
    context: ClassFieldDecoratorContext<T, ThingEvent<Static<S>>>,
  ): void =>
    declare(context.metadata, {
      ...naming(memberName(context), description, options),
      kind: "event",
      data: schema,
      ...(role && { role }),
    });
}

/** Pictures. On a field that holds an MJPEGStream. */
export function stream(description: string, options: AffordanceOptions = {}) {
  return <T extends Thing>(
    _: undefined,
    context: ClassFieldDecoratorContext<
      T,
      { frames(signal?: AbortSignal): AsyncIterable<unknown> }
    >,
  ): void =>
    declare(context.metadata, {
      ...naming(memberName(context), description, options),
      kind: "stream",
    });
}

/** Files that clients of a role (`view` when absent) can fetch below the Thing's path. On a field that holds a FileCollection; a property of the same name lists them. */
export function files(
  description: string,
  { role = "view", ...options }: AffordanceOptions & { role?: Role } = {},
) {
  return <T extends Thing>(
    _: undefined,
    context: ClassFieldDecoratorContext<T, { find(id: string): unknown }>,
  ): void =>
    declare(context.metadata, {
      ...naming(memberName(context), description, options),
      kind: "files",
      role,
    });
}

/** Which Things a slot takes. */
export interface SlotOptions {
  /** Name, or names, of what to connect; the configuration overrides it. By type when absent. */
  by?: string | readonly string[];
}

type SlotDecorator<V> = <T extends Thing>(
  target: ClassAccessorDecoratorTarget<T, V>,
  context: ClassAccessorDecoratorContext<T, V>,
) => ClassAccessorDecoratorResult<T, V>;

/** Another Thing that this one works with, on `accessor name!: Type`. With `optional` it may be `undefined`, with `many` it is a map by name. */
export function slot<S extends Thing>(
  description: string,
  type: ThingClass<S>,
  options?: SlotOptions,
): SlotDecorator<S>;
export function slot<S extends Thing>(
  description: string,
  type: ThingClass<S>,
  options: SlotOptions & { optional: true },
): SlotDecorator<S | undefined>;
export function slot<S extends Thing>(
  description: string,
  type: ThingClass<S>,
  options: SlotOptions & { many: true },
): SlotDecorator<ReadonlyMap<string, S>>;
export function slot(
  description: string,
  type: ThingClass<Thing>,
  options: SlotOptions & { optional?: boolean; many?: boolean } = {},
): never {
  return ((_: unknown, context: ClassAccessorDecoratorContext<Thing, unknown>) => {
    const member = memberName(context);
    declare(context.metadata, {
      ...naming(member, description, {}),
      kind: "slot",
      type,
      ...(options.by !== undefined && { by: options.by }),
      optional: options.optional ?? false,
      many: options.many ?? false,
    });
    return {
      get(this: Thing) {
        return connectedTo(this, member);
      },
      set(this: Thing) {
        throw new TypeError(
          `Slot '${member}' of Thing '${this.name}' is connected by the host. Name the Thing in the configuration's thing_slots.`,
        );
      },
    };
  }) as never;
}

/** A route of the Thing's own, beside the affordances and not in its Thing Description. `path` is below the Thing's; `:name` is one segment. */
export function endpoint(
  method: "GET" | "PUT" | "POST" | "DELETE",
  path: string,
  role: Role,
  description = "",
) {
  return <T extends Thing>(
    _: (this: T, request: EndpointRequest) => Promise<EndpointResponse> | EndpointResponse,
    context: ClassMethodDecoratorContext<T>,
  ): void => {
    const member = memberName(context);
    declare(context.metadata, {
      kind: "endpoint",
      name: path,
      member,
      description,
      method,
      path,
      role,
    });
  };
}

function naming(member: string, description: string, { name, title }: AffordanceOptions) {
  return { name: name ?? member, member, description, ...(title !== undefined && { title }) };
}

function memberName(context: { name: string | symbol; private: boolean; static: boolean }): string {
  if (
    typeof context !== "object" ||
    typeof context.name !== "string" ||
    context.private ||
    context.static
  ) {
    throw new TypeError(
      `An affordance is a public member of an instance, not ${String(context?.name)}. (If every decorator fails so, switch 'experimentalDecorators' off.)`,
    );
  }
  return context.name;
}
