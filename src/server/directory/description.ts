import { pathOf } from "../http/origin.ts";
import { JSON_TYPE, type Route, TD_TYPE } from "../http/route.ts";
import { LANGUAGE, TD_CONTEXTS } from "../td/description.ts";
import { formsOf, SCHEMA_DEFINITIONS, withForms } from "../td/forms.ts";
import { needsLogin, type Security } from "../td/security.ts";
import { DISCOVERY_CONTEXT, type ThingDirectory } from "./directory.ts";

/**
 * The directory's own Thing Description: the affordances of the specification's Thing Model that are read-only.
 * @see https://github.com/w3c/wot-discovery/blob/main/directory.tm.json
 */
export function directoryDescriber(
  directory: ThingDirectory,
  routes: readonly Route[],
  prefix: string,
  security: Security,
): (root: string) => Record<string, unknown> {
  return (root) => {
    const above = pathOf(root) + prefix;
    const forms = formsOf("directory", routes, { root, hasLogin: needsLogin(security) });
    return {
      "@context": [...TD_CONTEXTS, DISCOVERY_CONTEXT, LANGUAGE],
      "@type": ["ThingDirectory"],
      id: directory.id,
      title: "Directory of Things",
      description: "Lists all Things of this server and announces changes.",
      base: `${root}/`,
      ...security,
      properties: withForms({ things: THINGS }, (name) => forms("properties", name)),
      actions: withForms(ACTIONS, (name) => forms("actions", name)),
      events: withForms(EVENTS, (name) => forms("events", name)),
      forms: [
        {
          op: ["subscribeallevents", "unsubscribeallevents"],
          href: `${above}/directory/events`,
          subprotocol: "sse",
          contentType: JSON_TYPE,
        },
      ],
      links: directory.names.map((name) => ({
        rel: "item",
        type: TD_TYPE,
        href: `${above}/${name}/`,
      })),
      schemaDefinitions: SCHEMA_DEFINITIONS,
    };
  };
}

const DESCRIPTIONS = { type: "array", items: { type: "object", description: "Thing Description" } };

const THINGS = {
  title: "Things",
  description: "Every Thing Description, ordered by id.",
  oneOf: [
    DESCRIPTIONS,
    {
      type: "object",
      description: "With format=collection",
      properties: { members: DESCRIPTIONS, total: { type: "integer" }, next: { type: "string" } },
    },
  ],
  readOnly: true,
  writeOnly: false,
  observable: false,
};

const ACTIONS = {
  retrieveThing: {
    title: "Retrieve a Thing",
    description: "The Thing Description with the given id.",
    uriVariables: {
      id: { "@type": "ThingID", title: "Id of the Thing", type: "string", format: "iri-reference" },
    },
    output: { type: "object", description: "Thing Description" },
    safe: true,
    idempotent: true,
    synchronous: true,
  },
};

const EVENT_DATA = {
  type: "object",
  description: "The part of a Thing Description that identifies it",
  properties: { id: { type: "string", format: "uri" } },
  required: ["id"],
};

const EVENTS = {
  thingCreated: { title: "A Thing was added", data: EVENT_DATA },
  thingUpdated: { title: "A Thing opened, failed or changed", data: EVENT_DATA },
  thingDeleted: { title: "A Thing was removed", data: EVENT_DATA },
};
