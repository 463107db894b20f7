import type { Static, TSchema } from "typebox";
import { ThingError } from "../base/errors.ts";
import {
  type ActionMethod,
  type ActionOptions,
  type AffordanceOptions,
  actionTerms,
  type EventTerms,
} from "./affordance-options.ts";
import {
  declare,
  type EndpointAffordance,
  type EndpointBody,
  type EventAffordance,
  type FilesAffordance,
  type Role,
  type StreamAffordance,
  type ThingClass,
} from "./affordances.ts";
import type { EndpointRequest, EndpointResponse } from "./endpoint.ts";
import type { ThingEvent } from "./event.ts";
import { invocationFor } from "./invocation.ts";
import { A_FIELD, A_METHOD, AN_ACCESSOR, memberName, naming } from "./member-name.ts";
import { connectedTo } from "./slots.ts";
import { assertUsable, type Thing } from "./thing.ts";

export { type PropertyOptions, property, setting } from "./property-decorators.ts";

/** Something that takes time. The method gets its input and an Invocation, and every wait in it takes `invocation.signal`. */
export function action<I extends TSchema = TSchema, O extends TSchema = TSchema>(
  description: string,
  options: ActionOptions<I, O> = {},
) {
  return <T extends Thing, M extends ActionMethod<T, I, O>>(
    method: M,
    context: ClassMethodDecoratorContext<T, M>,
  ): M => {
    const member = memberName(context, ["method"], A_METHOD);
    declare(context.metadata, {
      ...naming(member, description, options),
      kind: "action",
      ...actionTerms(options),
    });
    const withInvocation: ActionMethod<T, I, O> = function (input, invocation) {
      assertUsable(this, `run action '${member}'`);
      return method.call(this, input, invocation ?? invocationFor(this.log));
    };
    return withInvocation as M;
  };
}

/** Something that happens. On a field that holds a ThingEvent. */
export function event<S extends TSchema>(
  description: string,
  schema: S,
  { role, ...options }: AffordanceOptions & EventTerms = {},
) {
  return <T extends Thing>(
    _: undefined,
    context: ClassFieldDecoratorContext<T, ThingEvent<Static<S>>>,
  ): void => {
    if (schema === undefined)
      throw new ThingError(
        "BAD_ARGUMENT",
        `Event '${String(context.name)}' has no schema. Specify the data that it is emitted with, or Type.Null() for none.`,
      );
    declareHeld(context, description, options, {
      kind: "event",
      data: schema,
      ...(role !== undefined && { role }),
    });
  };
}

/** Pictures. On a field that holds an MJPEGStream. */
export function stream(description: string, options: AffordanceOptions = {}) {
  return <T extends Thing>(
    _: undefined,
    context: ClassFieldDecoratorContext<
      T,
      { frames(signal?: AbortSignal): AsyncIterable<unknown> }
    >,
  ): void => declareHeld(context, description, options, { kind: "stream" });
}

/** Files that clients of a role (`view` when absent) can fetch below the Thing's path. On a field that holds a FileCollection; a property of the same name lists them. */
export function files(
  description: string,
  { role = "view", ...options }: AffordanceOptions & { role?: Role } = {},
) {
  return <T extends Thing>(
    _: undefined,
    context: ClassFieldDecoratorContext<T, { find(id: string): unknown }>,
  ): void => declareHeld(context, description, options, { kind: "files", role });
}

/** Declares what a member stands for that holds one object. */
function declareHeld(
  context: ClassFieldDecoratorContext<never>,
  description: string,
  options: AffordanceOptions,
  own:
    | Pick<EventAffordance, "kind" | "data" | "role">
    | Pick<StreamAffordance, "kind">
    | Pick<FilesAffordance, "kind" | "role">,
): void {
  const member = memberName(context, ["field", "accessor", "getter"], A_FIELD);
  declare(context.metadata, { ...naming(member, description, options), ...own });
}

/** Which Things a slot takes. */
interface SlotOptions {
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
    const member = memberName(context, ["accessor"], AN_ACCESSOR);
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

/**
 * A route of the Thing's own, beside the affordances and not in its Thing Description. `path` is below the Thing's; `:name` is one segment.
 * @param options.body - `bytes`: the method reads the body while it comes (`readBytes`); `messages`, with GET: a WebSocket, whose messages it
 *   reads (`readMessages`). One JSON value by default.
 */
export function endpoint(
  method: EndpointAffordance["method"],
  path: string,
  role: Role,
  description = "",
  { body = "json" }: { body?: EndpointBody } = {},
) {
  return <T extends Thing>(
    _: (this: T, request: EndpointRequest) => Promise<EndpointResponse> | EndpointResponse,
    context: ClassMethodDecoratorContext<T>,
  ): void => {
    const member = memberName(context, ["method"], A_METHOD);
    declare(context.metadata, {
      kind: "endpoint",
      name: path,
      member,
      description,
      method,
      path,
      role,
      body,
    });
  };
}
