import { packageVersion } from "../../base/package-root.ts";
import { isRecord } from "../../base/values.ts";
import {
  actionEntity,
  type Entity,
  eventEntity,
  pictureEntity,
  propertyEntities,
} from "./entities.ts";
import { idOf, type Topics } from "./topics.ts";

/** Entities of a device. */
export const MOST_ENTITIES = 300;

/** A Thing, for Home Assistant. */
export interface Described {
  /** Its Thing Description. */
  readonly description: Readonly<Record<string, unknown>>;
  readonly thing: string;
  /** Of its class. */
  readonly model: string;
  readonly streams: readonly string[];
  /** Its page. */
  readonly page: string;
  /** Whether commands are taken. */
  readonly mayCommand: boolean;
}

/** For what it is discovered by. */
export interface Room {
  /** Bytes of a message. */
  readonly largest: number;
  /** Platforms of the entities that the broker has, by key. */
  readonly before: ReadonlyMap<string, string>;
}

/** A device of Home Assistant. */
export interface Device {
  readonly entities: ReadonlyMap<string, Entity>;
  /** Properties that its entities show. */
  readonly shown: ReadonlySet<string>;
  /** Entities that it has no place for. */
  readonly leftOut: number;
}

/** What a Thing has for Home Assistant: where the message has no room for all entities, the largest are left out. */
export function deviceOf(described: Described, topics: Topics, room: Room): Device {
  const { description, thing, streams, mayCommand } = described;
  const entities = new Map<string, Entity>();
  const shown = new Set<string>();
  const id = String(description.id);
  const add = (key: string, name: string, entity: Entity) =>
    entities.set(key, { ...entity, name, unique_id: `${id}_${key}` });
  for (const stream of streams) {
    const picture = pictureEntity(topics.picture(thing, stream), topics.addresses(thing, stream));
    add(`picture_${idOf(stream)}`, words(stream), picture);
  }
  const pictures = new Set(streams.map((stream) => `${stream}_frame`));
  for (const [name, property] of affordances(description.properties)) {
    if (property.writeOnly === true || pictures.has(name)) continue;
    const isSet = property.readOnly !== true && mayCommand;
    const set = isSet ? topics.setter(thing, name) : undefined;
    const own = propertyEntities(property, { state: topics.property(thing, name), set });
    if (own.size > 0) shown.add(name);
    for (const [field, entity] of own) {
      const key = `property_${idOf(name)}${field && `_${idOf(field)}`}`;
      add(key, `${titleOf(property, name)}${field && ` ${words(field, false)}`}`, entity);
    }
  }
  for (const [name, action] of mayCommand ? affordances(description.actions) : []) {
    const button = actionEntity(action, topics.action(thing, name));
    if (button) add(`action_${idOf(name)}`, titleOf(action, name), button);
  }
  const frames = new Set(streams.map((stream) => `${stream}_new_frame`));
  for (const [name, event] of affordances(description.events)) {
    if (frames.has(name)) continue;
    add(`event_${idOf(name)}`, titleOf(event, name), eventEntity(name, topics.event(thing, name)));
  }
  const none = { entities: new Map(), shown, leftOut: 0 };
  const others = sizeOf(discoveryOf(described, none, topics, room.before));
  const kept = smallest([...entities].slice(0, MOST_ENTITIES), room.largest - others);
  return { entities: new Map(kept), shown, leftOut: entities.size - kept.length };
}

/** In their order, those that have `bytes` together, the smallest first. */
function smallest(entities: readonly [string, Entity][], bytes: number): [string, Entity][] {
  const sizes = new Map(
    entities.map(([key, entity]) => [key, sizeOf(JSON.stringify({ [key]: entity }))]),
  );
  const fits = new Set<string>();
  let left = bytes;
  for (const [key, size] of [...sizes].sort(([, one], [, other]) => one - other)) {
    left -= size;
    if (left >= 0) fits.add(key);
  }
  return entities.filter(([key]) => fits.has(key));
}

function sizeOf(text: string): number {
  return Buffer.byteLength(text);
}

/**
 * The message by which Home Assistant learns of a device.
 * @param gone - Platforms of entities that it had, by key: they are removed.
 * @see https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
 */
export function discoveryOf(
  { description, model, page, thing }: Described,
  { entities }: Device,
  topics: Topics,
  gone: ReadonlyMap<string, string>,
): string {
  const removed = [...gone].map(([key, platform]) => [key, { platform }] as const);
  return JSON.stringify({
    device: {
      identifiers: [description.id],
      name: titleOf(description, thing),
      manufacturer: "Thingscope",
      model,
      sw_version: packageVersion(),
      configuration_url: page,
    },
    origin: { name: "Thingscope", sw_version: packageVersion() },
    availability: [{ topic: topics.status }, { topic: topics.statusOf(thing) }],
    availability_mode: "all",
    components: Object.fromEntries([...removed, ...entities]),
  });
}

/** The platforms of the entities in a discovery message, by key. */
export function platformsIn(message: string): Map<string, string> {
  try {
    const { components }: { components?: unknown } = JSON.parse(message);
    const found = isRecord(components) ? Object.entries(components) : [];
    return new Map(
      found.flatMap(([key, entity]) =>
        isRecord(entity) && typeof entity.platform === "string" ? [[key, entity.platform]] : [],
      ),
    );
  } catch {
    return new Map(); // another program's
  }
}

function affordances(found: unknown): [string, Record<string, unknown>][] {
  if (!isRecord(found)) return [];
  return Object.entries(found).flatMap(([name, one]) => (isRecord(one) ? [[name, one]] : []));
}

/** As its author calls it, or in words. */
function titleOf({ title }: Readonly<Record<string, unknown>>, name: string): string {
  return typeof title === "string" && title !== name ? title : words(name);
}

function words(name: string, isFirst = true): string {
  const text = name.replaceAll("_", " ");
  return isFirst ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
