import type { TSchema } from "typebox";
import { type ControlGroup, controlFacts } from "./control-names.ts";
import { controlCodec } from "./control-schema.ts";
import type { V4l2Control } from "./messages.ts";

/** A control of a device as a property, or as an action where it has no value that can be read. */
export interface ControlProperty {
  readonly kind: "property" | "action";
  readonly title: string;
  readonly description: string;
  /** Its group, as an `@type`: see docs/cameras.md. */
  readonly types: readonly string[];
  /** Of its value; of a button, nothing. */
  readonly schema: TSchema | undefined;
  /** Why it cannot be set now, or ever; undefined when it can. */
  readonly readOnly: string | undefined;
  /** The driver changes it by itself and does not report it: it has to be asked for. */
  readonly isVolatile: boolean;
  /** What a reset sets. */
  readonly initial: unknown;
  /** Its value in JSON. */
  fromWire(value: unknown): unknown;
  /** A value as the camera program takes it. */
  toWire(value: unknown): string;
}

const TYPES: Readonly<Record<ControlGroup, string>> = {
  exposure: "ExposureControl",
  "white balance": "WhiteBalanceControl",
  focus: "FocusControl",
  image: "ImageControl",
  other: "CameraControl",
};

/**
 * @param nameOf - The property of another control of the device, and its value in words; undefined where it has none.
 * @returns Undefined for what is not shown: a control that is disabled, or of a type that cannot be set.
 */
export function controlProperty(
  control: V4l2Control,
  nameOf: (id: number) => { readonly name: string; readonly value: string } | undefined,
): ControlProperty | undefined {
  const { id, name, type, flags } = control;
  if (flags.includes("disabled")) return undefined;
  const { group } = controlFacts(id);
  const readOnly = whyReadOnly(control, nameOf);
  const about = { title: name, types: [TYPES[group]], readOnly, isVolatile: isVolatile(control) };
  const description = [`${name}.`, stepsOf(control), readOnly].filter(Boolean).join(" ");
  if (type === "button") {
    const none = { schema: undefined, initial: undefined, fromWire: () => null, toWire: () => "" };
    return { kind: "action", description, ...about, ...none };
  }
  const codec = controlCodec(control);
  if (!codec) return undefined;
  const kind = flags.includes("write-only") ? "action" : "property";
  const { default: initial } = codec.schema as { default?: unknown };
  return { kind, description, ...about, initial, ...codec };
}

/** Another control that has taken this one over, such as automatic exposure. */
function whyReadOnly(
  { id, flags }: V4l2Control,
  nameOf: Parameters<typeof controlProperty>[1],
): string | undefined {
  if (flags.includes("read-only")) return "The camera only reports it.";
  if (flags.includes("grabbed")) return "Read-only now: the camera uses it while it streams.";
  if (!flags.includes("inactive")) return undefined;
  const governors = (controlFacts(id).governors ?? [])
    .map(nameOf)
    .filter((one) => one !== undefined);
  const [governor] = governors;
  return governor
    ? `Read-only now: '${governor.name}' governs it (${governor.value}). Set '${governor.name}' to another value first.`
    : "Read-only now: another control of the camera governs it.";
}

/** A control in auto mode is volatile as a whole: what it is made of changes with each frame. */
function isVolatile({ flags }: V4l2Control): boolean {
  return flags.includes("volatile");
}

function stepsOf({ type, min, step }: V4l2Control): string {
  if (type !== "integer" || typeof step !== "number" || typeof min !== "number" || step <= 1)
    return "";
  return `In steps of ${step} from ${min}: the camera rounds to them.`;
}
