import type { HostedThing } from "../../core/hosted-thing.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import type { ThingModel } from "../../core/thing-model.ts";
import { describedAffordances, typesOf } from "./affordances.ts";

/** The Thing Models of a host's classes, by the name under which each is published. */
export class PublishedModels {
  readonly byName: ReadonlyMap<string, ThingModel>;
  readonly #names = new Map<unknown, string>();

  constructor({ things }: ThingHost) {
    const models = new Map<string, ThingModel>();
    for (const { thing, classModel: model } of things.values()) {
      if (this.#names.has(thing.constructor)) continue;
      const name = freeName(urlName(model.className), models);
      models.set(name, model);
      this.#names.set(thing.constructor, name);
    }
    this.byName = models;
  }

  /** Under which name the class of a Thing is published. */
  nameFor({ thing, classModel }: HostedThing): string {
    return this.#names.get(thing.constructor) ?? classModel.className;
  }
}

function urlName(className: string): string {
  return className.replace(/[^\w-]/g, "_") || "Thing";
}

/** Two classes of one name, from two files, are two models. */
function freeName(wanted: string, taken: ReadonlyMap<string, unknown>): string {
  let name = wanted;
  for (let n = 2; taken.has(name); n++) name = `${wanted}-${n}`;
  return name;
}

/**
 * A Thing Model: what all Things of one class have in common, without an address.
 * @see W3C Web of Things (WoT) Thing Description 1.1, 10 Thing Model.
 */
export function thingModelDescription(model: ThingModel): Record<string, unknown> {
  return {
    "@context": ["https://www.w3.org/2022/wot/td/v1.1", { "@language": "en" }],
    ...typesOf(["tm:ThingModel", ...model.types]),
    title: model.title,
    ...(model.description && { description: model.description }),
    ...describedAffordances(model),
  };
}
