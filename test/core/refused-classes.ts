// Classes of which something cannot be served, each with what is said of it. `fine` of each can be served.
import {
  action,
  endpoint,
  event,
  files,
  type MJPEGStream,
  property,
  setting,
  slot,
  stream,
  Thing,
  ThingEvent,
} from "thingscope";
import { type TSchema, Type } from "typebox";

const node: Record<string, unknown> = { type: "object", properties: {} };
node.properties = { next: node };

/** What a class without decorators says of a property. */
const listed = (name: string, schema: unknown, more: object = {}) => ({
  kind: "property",
  name,
  member: name,
  description: "",
  schema,
  saved: false,
  readOnly: true,
  observable: false,
  resettable: false,
  useGlobalLock: true,
  ...more,
});

/** A class without decorators, and what it lists beside `fine`. */
function plain(...affordances: unknown[]) {
  return class Plain extends Thing {
    static override readonly affordances = [
      listed("fine", { type: "integer" }),
      ...affordances,
    ] as never;
    fine = 1;
    live = 5;
    get torn(): unknown {
      throw new Error("The member is torn.");
    }
    get fresh(): unknown {
      return new ThingEvent();
    }
  };
}

class Fine extends Thing {
  @property("Fine", Type.Integer(), { readOnly: true }) get fine(): number {
    return 1;
  }
}

class OpenAction extends Fine {
  @action("Opens the shutter") override open(): void {}
}
class Heir extends OpenAction {}
class CloseProperty extends Fine {
  // @ts-expect-error: a method in the base class
  @property("How it closes", Type.Unknown()) override get close(): never {
    throw new Error("It is never read.");
  }
}
class LogEvent extends Fine {
  // @ts-expect-error: another type in the base class
  @event("A line", Type.String()) override readonly log = new ThingEvent<string>();
}
class NameSlot extends Fine {
  // @ts-expect-error: another type in the base class
  @slot("A neighbour", Fine) accessor name!: Fine;
}
class StateEndpoint extends Fine {
  @endpoint("GET", "state", "view") override thingState() {
    return { contentType: "text/plain", body: "" };
  }
}
class SettingToString extends Fine {
  // @ts-expect-error: a method in the base class
  @setting("Words", Type.String()) accessor toString = "";
}
class NoSetter extends Fine {
  @property("Gain", Type.Number(), { set: "setGian" }) get gain(): number {
    return 1;
  }
}
class SetterOfLife extends Fine {
  @property("Gain", Type.Number(), { set: "close" }) get gain(): number {
    return 1;
  }
}
class SetterNotAMethod extends Fine {
  setGain = 5;
  @property("Gain", Type.Number(), { set: "setGain" }) get gain(): number {
    return 1;
  }
}
class Recursive extends Fine {
  @property("A tree", node as TSchema) accessor tree: unknown = {};
}
class ByDefinition extends Fine {
  @action("Takes a tree", {
    input: {
      $defs: { Node: { type: "object", properties: { next: { $ref: "#/$defs/Node" } } } },
      $ref: "#/$defs/Node",
    } as TSchema,
  })
  plant(): void {}
}
class UnknownReference extends Fine {
  @event("A tree", { $ref: "#/$defs/Tree" } as TSchema) readonly grown = new ThingEvent<unknown>();
}
class BadDefault extends Fine {
  @property("Gain", Type.Integer({ minimum: 1, default: 0 })) accessor gain = 1;
}
class NoRoom extends Fine {
  @action("Moves", { input: Type.Object({ dz: Type.Number({ minimum: 5, maximum: 1 }) }) })
  move(): void {}
}
class BadPattern extends Fine {
  @property("Name", Type.String({ pattern: "(" })) accessor label = "";
}
class Typo extends Fine {
  @property("Gain", { type: "number", minimun: 1 } as TSchema) accessor gain: unknown = 1;
}
class ReservedEvent extends Fine {
  @event("Something is wrong", Type.String()) readonly problem = new ThingEvent<string>();
}
class ReservedRoute extends Fine {
  @action("Lists", { name: "actions" }) list(): void {}
}
class NotAStream extends Fine {
  @stream("Live") readonly live = undefined as unknown as MJPEGStream;
}
class NotFiles extends Fine {
  @property("Logs", Type.Array(Type.Unknown()), { readOnly: true }) get logs(): unknown[] {
    return [];
  }
  @files("Log files", { name: "logs" }) readonly kept = {} as { find(id: string): unknown };
}
class NotAnEvent extends Fine {
  @event("Done", Type.String()) readonly done = {} as ThingEvent<string>;
}

const event_ = { kind: "event", name: "torn", member: "torn", description: "", data: {} };

const refused: Readonly<Record<string, readonly [new () => object, RegExp]>> = {
  OpenAction: [
    OpenAction,
    /The action 'open' of OpenAction stands on the member 'open', which every Thing has for itself and its host calls\. .*openIt, and keep the name for clients: \{ name: "open" \}/,
  ],
  Heir: [Heir, /The action 'open' of Heir stands on/],
  CloseProperty: [CloseProperty, /The property 'close' .* its host calls.*\{ name: "close" \}/],
  LogEvent: [LogEvent, /The event 'log' .* every Thing has for itself\. .*\{ name: "log" \}/],
  NameSlot: [NameSlot, /The slot 'name' .* every Thing has for itself/],
  StateEndpoint: [StateEndpoint, /The endpoint 'state' .* on the member 'thingState'/],
  SettingToString: [SettingToString, /The property 'toString' .* every Thing has for itself/],
  NoSetter: [NoSetter, /The property 'gain' of NoSetter has no method 'setGian'\./],
  SetterOfLife: [SetterOfLife, /names the method 'close', which every Thing already has\./],
  SetterNotAMethod: [SetterNotAMethod, /has no method 'setGain'\./],
  Recursive: [
    Recursive,
    /property 'tree' of Recursive cannot be used: it refers to itself at \/properties\/next/,
  ],
  ByDefinition: [
    ByDefinition,
    /the input of action 'plant' of ByDefinition cannot be used: it refers to itself/,
  ],
  UnknownReference: [
    UnknownReference,
    /event 'grown' .* it refers to '#\/\$defs\/Tree', but nothing in it has that name\./,
  ],
  BadDefault: [BadDefault, /property 'gain' .* its default does not fit it: /],
  NoRoom: [NoRoom, /minimum 5 is greater than maximum 1 at \/properties\/dz/],
  BadPattern: [BadPattern, /property 'label' .* Invalid regular expression/],
  Typo: [Typo, /property 'gain' .* unknown keyword: "minimun"/],
  ReservedEvent: [
    ReservedEvent,
    /The event 'problem' of ReservedEvent is reserved for a server-sent event of the server's own\..*\{ name: /,
  ],
  ReservedRoute: [ReservedRoute, /The action 'actions' .* is reserved for a route\..*\{ name: /],
  NotAStream: [
    NotAStream,
    /The stream 'live' of NotAStream does not hold a stream\. Write: readonly live = new MJPEGStream\(\)\./,
  ],
  NotFiles: [NotFiles, /The files 'logs' of NotFiles do not hold files\./],
  NotAnEvent: [NotAnEvent, /The event 'done' of NotAnEvent does not hold a ThingEvent\./],
  PlainStream: [
    plain({ ...event_, kind: "stream", name: "live", member: "live" }),
    /The stream 'live' of Plain does not hold a stream/,
  ],
  Torn: [
    plain(event_),
    /The event 'torn' of Plain cannot be read: its member 'torn' throws: The member is torn\./,
  ],
  Fresh: [
    plain({ ...event_, name: "fresh", member: "fresh" }),
    /is a different object at each read/,
  ],
  NoObject: [plain(null), /Plain lists an affordance that is not an object\./],
  NoKind: [
    plain({ kind: "proprety", name: "x", member: "x" }),
    /lists an affordance 'x' of an unknown kind/,
  ],
  NoName: [plain(listed("x", {}, { name: 5 })), /a property whose name is not a string/],
  NoMember: [
    plain(listed("x", {}, { member: Symbol("x") })),
    /a property whose member is not a string/,
  ],
  NullSchema: [plain(listed("x", null)), /has a schema \(schema\) that is not an object/],
  LookAhead: [
    plain(listed("x", { type: "string", pattern: "^(?!root$)\\w+$" })),
    /property 'x' of Plain cannot be used: its pattern '\^\(\?!root.* looks ahead with '\(\?!\.\.\.\)'\. .*RE2.* check the rest in the setter or action/,
  ],
  LookBehindForNames: [
    plain(listed("x", { type: "object", patternProperties: { "(?<=a)b": { type: "string" } } })),
    /its pattern '\(\?<=a\)b' looks behind with/,
  ],
  BackReference: [
    plain(listed("x", { anyOf: [{ type: "string", pattern: "(?<q>['x])a\\k<q>" }] })),
    /its pattern .* refers back with .* to a captured group/,
  ],
  ManyRepeats: [
    plain(listed("x", { type: "string", pattern: "^a{1,1001}$" })),
    /its pattern .* repeats with \{1,1001\}, but RE2 allows at most 1000/,
  ],
  ManyRepeatsOfRepeats: [
    plain(listed("x", { propertyNames: { pattern: "^(a{100}b){100}$" } })),
    /its pattern .* is beyond RE2 \(.*repeat count/,
  ],
  NoPattern: [
    plain(listed("x", { type: "string", pattern: "(" })),
    /x.*of Plain cannot be used: .*(pattern|regular expression)/i,
  ],
  NoSchema: [plain(listed("x", undefined)), /The property 'x' of Plain has no schema/],
  NoWords: [plain(listed("x", {}, { description: {} })), /has a description that is not a string/],
  ManyWords: [
    plain(listed("x", {}, { description: "x".repeat(20_000) })),
    /a description of more than 10000 characters/,
  ],
  NoClass: [
    plain({ kind: "slot", name: "s", member: "s", description: "" }),
    /The slot 's' of Plain does not name a class/,
  ],
  NoRole: [plain({ ...event_, member: "fine", role: "king" }), /for a role that does not exist/],
  Brew: [
    plain({ kind: "endpoint", method: "BREW", path: "x", name: "x", member: "x", role: "view" }),
    /a method other than GET, PUT, POST or DELETE/,
  ],
  Unreadable: [
    plain(
      Object.defineProperty({}, "kind", {
        enumerable: true,
        get: () => {
          throw new Error("No kind.");
        },
      }),
    ),
    /Plain lists an affordance that cannot be read: No kind\./,
  ],
};

/** By name of the class: with types that are checked, half of them could not be written. */
export const REFUSED = refused as Readonly<Record<string, readonly [new () => Thing, RegExp]>>;
