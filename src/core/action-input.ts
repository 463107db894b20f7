import { type InputFault, messageOf, ThingError } from "../base/errors.ts";
import type { ActionAffordance } from "./affordances.ts";
import { sentenceOf } from "./faults.ts";
import { runAsThing } from "./running.ts";
import { forbidAdditional, incoming } from "./schema.ts";
import type { ThingFaults } from "./thing-faults.ts";

/**
 * The input that an action is run with: a copy, with defaults filled in. An action that takes none is content with
 * an empty object or `null` too, which is what LabThings' clients send.
 *
 * @param input - `undefined` for none; `null` is a value.
 * @throws {ThingError} `INVALID_INPUT` with each fault.
 */
export function acceptedInput(action: ActionAffordance, input: unknown, thing: string): unknown {
  const isNone = input === undefined || (input === null && !action.input);
  const schema = action.input ? forbidAdditional(action.input) : NO_INPUT;
  const { value, faults } = incoming(schema, isNone ? {} : input);
  if (faults.length === 0) return value;
  throw new ThingError(
    "INVALID_INPUT",
    `Action '${action.name}' of Thing '${thing}' was not run: ${sentenceOf(faults)}.${known(action, faults)}`,
    { faults },
  );
}

/** Whether an action stops, cancels or releases something with this input. */
export function doesRelease(
  { name, member, releases = false }: ActionAffordance,
  input: unknown,
  faults: ThingFaults,
): boolean {
  if (typeof releases !== "function") return releases;
  try {
    return runAsThing(faults, () => releases(input)) === true;
  } catch (error) {
    const what = `Whether action '${name}' of Thing '${faults.thing}' releases anything cannot be determined`;
    faults.note(member, `${what}: ${messageOf(error)}`, error);
    return false;
  }
}

/** Whoever sent something that is not known wants to know what is. */
function known({ input }: ActionAffordance, faults: readonly InputFault[]): string {
  if (!faults.some(({ type, loc }) => type === "extra_forbidden" && loc.length === 2)) return "";
  const names = Object.keys((input as { properties?: object } | undefined)?.properties ?? {});
  return names.length > 0 ? ` It takes: ${names.join(", ")}.` : " It takes no input.";
}

const NO_INPUT = { type: "object", properties: {}, additionalProperties: false };
