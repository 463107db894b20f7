import { toDataSchema } from "../../core/data-schema.ts";
import { describedInput } from "../../core/schema.ts";
import type { ThingModel } from "../../core/thing-model.ts";
import { FrameEntrySchema } from "./schemas.ts";

/** Of an event that not everybody who may look is told of: for mirrors, which must not tell it to others. */
export const ROLE_TERM = "urn:thingscope:role";

/** Affordances of one kind by name. */
export type Affordances = Record<string, Record<string, unknown>>;

interface DescribedAffordances {
  readonly properties: Affordances;
  readonly actions: Affordances;
  readonly events: Affordances;
}

/** What a model offers, in the words of Thing Descriptions and Thing Models: everything but forms. */
export function describedAffordances(model: ThingModel): DescribedAffordances {
  const properties: Affordances = {};
  const actions: Affordances = {};
  const events: Affordances = {};
  for (const {
    name,
    title,
    description,
    types,
    schema,
    readOnly,
    observable,
  } of model.properties.values()) {
    properties[name] = {
      ...typesOf(types),
      ...toDataSchema(schema),
      title: title ?? name,
      description,
      readOnly,
      writeOnly: false,
      observable,
    };
  }
  for (const {
    name,
    title,
    description,
    types,
    input,
    output,
    safe,
    idempotent,
    synchronous,
  } of model.actions.values()) {
    actions[name] = {
      ...typesOf(types),
      title: title ?? name,
      description,
      ...(input && { input: toDataSchema(describedInput(input)) }),
      ...(output && { output: toDataSchema(output) }),
      safe,
      idempotent,
      synchronous,
    };
  }
  for (const { name, title, description, types, data, role } of model.events.values()) {
    events[name] = {
      ...typesOf(types),
      title: title ?? name,
      description,
      ...(role && role !== "view" && { [ROLE_TERM]: role }),
      ...(data && { data: toDataSchema(data) }),
    };
  }
  for (const { name, title, description } of model.streams.values()) {
    properties[`${name}_frame`] = {
      title: `${title ?? name}: newest frame`,
      description: `${description}. As JSON it is the JPEG in base64, or null when all properties are read at once.`,
      oneOf: [
        { type: "string", contentMediaType: "image/jpeg", contentEncoding: "base64" },
        { type: "null" },
      ],
      readOnly: true,
      writeOnly: false,
      observable: true,
    };
    events[`${name}_new_frame`] = {
      title: `${title ?? name}: new frame`,
      description: "A frame has arrived: its identity, capture time (epoch ms) and size in bytes.",
      data: toDataSchema(FrameEntrySchema),
    };
  }
  return { properties, actions, events };
}

/** `@type`, as JSON-LD writes one or several. */
export function typesOf(types: readonly string[] = []): object {
  return types.length > 0 ? { "@type": types.length === 1 ? types[0] : types } : {};
}
