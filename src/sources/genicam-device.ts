import { type TSchema, Type } from "typebox";
import { ThingError } from "../base/errors.ts";
import { runProgram } from "../processes/run-program.ts";
import { type DeviceControl, groupOf } from "./device-control.ts";

/** A feature of a GenICam camera, as `arv-tool` prints it. */
interface Feature {
  readonly name: string;
  readonly type: string;
  readonly access: string;
  readonly value: string | undefined;
}

/** Something that a GenICam camera can be told to do. */
export interface GenicamCommand {
  readonly name: string;
  readonly description: string;
}

const PROGRAM = "arv-tool-0.8";
const LIMITS = { timeoutMs: 20_000, mostBytes: 4 << 20 };
const LINE = /^\s*(\w+)\s*:\s*(?:\[(\w+)\]\s*)?'([^']+)'\s*(?:=\s*(.*?))?\s*$/;
const INTEGERS = new Set(["Integer", "IntReg", "MaskedIntReg", "IntSwissKnife", "IntConverter"]);
const FLOATS = new Set(["Float", "FloatReg", "SwissKnife", "Converter"]);
const STRINGS = new Set(["String", "StringReg"]);
const MOST_FEATURES = 800;
/** They are the stream's own, or the driver's. */
const INNER_COMMANDS = /^(Acquisition(Start|Stop|Abort|Arm)|DeviceRegisters\w+|TestPendingAck)$/;

/** A GenICam camera, asked and set by Aravis' own tool while nothing streams from it. */
export class GenicamDevice {
  readonly #name: string | undefined;
  #descriptions: ReadonlyMap<string, string> | undefined;
  #commands: readonly GenicamCommand[] = [];

  /** @param name - As Aravis lists it, or its serial number or address; the first camera that is found when absent. */
  constructor(name?: string) {
    this.#name = name;
  }

  /** Its features that have a value now. @throws {ThingError} `DISCONNECTED`, `PROGRAM_MISSING`. */
  async controls(): Promise<DeviceControl[]> {
    const features = featuresIn(await this.#ask("values"))
      .filter(hasValue)
      .slice(0, MOST_FEATURES);
    const listed = await this.#ask("features");
    const entries = entriesIn(listed);
    this.#descriptions ??= descriptionsIn(await this.#ask("description"));
    this.#commands = commandsIn(listed, this.#descriptions);
    const numbers = features.filter(({ type }) => INTEGERS.has(type) || FLOATS.has(type));
    const limits = limitsIn(await this.#ask("control", ...numbers.map(({ name }) => name)));
    return features.flatMap((feature) => {
      const { name, access } = feature;
      const found = schemaAndValue(feature, entries.get(name) ?? [], limits.get(name));
      const description = this.#descriptions?.get(name) ?? name;
      const about = { name, title: name, description, group: groupOf(name) };
      return found ? [{ ...about, ...found, isReadOnly: access !== "RW" }] : [];
    });
  }

  /** What it can be told to do, as `controls` found it last: not what starts and stops its stream. */
  get commands(): readonly GenicamCommand[] {
    return this.#commands;
  }

  /** Has it do something. @throws {ThingError} `SOURCE_FAILED` with the camera's refusal. */
  async execute(name: string): Promise<void> {
    const said = await this.#ask("control", name);
    if (said.some((line) => line.trim() === `${name} executed`)) return;
    const why = said.find((line) => line.trim() !== "") ?? "it gave no reason";
    throw new ThingError("SOURCE_FAILED", `The camera did not execute '${name}': ${why}.`);
  }

  /** Sets features, one after another. @throws {ThingError} `SOURCE_FAILED` with the camera's refusal. */
  async set(values: Readonly<Record<string, unknown>>): Promise<void> {
    const words = Object.entries(values).map(([name, value]) => `${name}=${value}`);
    const said = await this.#ask("control", ...words);
    const refusal = said.find((line) =>
      /write error|not found|not available|not writable/i.test(line),
    );
    if (refusal === undefined) return;
    throw new ThingError("SOURCE_FAILED", `The camera refused it: ${refusal}.`);
  }

  async #ask(command: string, ...words: readonly string[]): Promise<string[]> {
    const which = this.#name === undefined ? [] : ["-n", this.#name];
    const args = [...which, command, ...words];
    const { output, errorLines } = await runProgram({ program: PROGRAM, args }, LIMITS);
    const lines = output.toString().split(/\r?\n/);
    if (
      ![...lines, ...errorLines].some((line) =>
        /^(Device '.*' not found|No device found)/.test(line),
      )
    )
      return [...lines, ...errorLines];
    throw genicamMissing(this.#name);
  }
}

/** The error for a camera that is not there. */
export function genicamMissing(name: string | undefined): ThingError {
  const which =
    name === undefined ? "No GenICam camera was found" : `GenICam camera '${name}' was not found`;
  return new ThingError(
    "DISCONNECTED",
    `${which}. Check its power and cable, and for GigE Vision that it has an address of this network; arv-tool-0.8 lists what is there.`,
  );
}

function hasValue({ value, access }: Feature): boolean {
  return value !== undefined && (access === "RW" || access === "RO");
}

function featuresIn(lines: readonly string[]): Feature[] {
  return lines.flatMap((line) => {
    const [, type, access = "RW", name, value] = LINE.exec(line) ?? [];
    return type === undefined || name === undefined || type === "Category"
      ? []
      : [{ name, type, access, value }];
  });
}

/** The words of enumerations: they follow the line of their feature. */
function entriesIn(lines: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let last: string[] = [];
  for (const { type, name } of featuresIn(lines)) {
    if (type === "EnumEntry") last.push(name);
    else {
      last = [];
      found.set(name, last);
    }
  }
  return found;
}

function commandsIn(
  lines: readonly string[],
  descriptions: ReadonlyMap<string, string>,
): GenicamCommand[] {
  const commands = featuresIn(lines).filter(
    ({ type, access, name }) =>
      type === "Command" && /W/.test(access) && !INNER_COMMANDS.test(name),
  );
  return commands.slice(0, MOST_FEATURES).map(({ name }) => ({
    name,
    description: descriptions.get(name) ?? name,
  }));
}

function descriptionsIn(lines: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  let name: string | undefined;
  for (const line of lines) {
    const feature = LINE.exec(line);
    if (feature) name = feature[3];
    else if (name !== undefined && line.trim() !== "" && !found.has(name))
      found.set(name, line.trim());
  }
  return found;
}

function limitsIn(lines: readonly string[]): Map<string, { minimum: number; maximum: number }> {
  const found = lines.flatMap((line) => {
    const [, name, minimum, maximum] = /^(\w+) = \S+ min:(\S+) max:(\S+)/.exec(line) ?? [];
    const limits = { minimum: Number(minimum), maximum: Number(maximum) };
    return name && limits.minimum <= limits.maximum ? [[name, limits] as const] : [];
  });
  return new Map(found);
}

function schemaAndValue(
  { type, value: text = "" }: Feature,
  entries: readonly string[],
  limits: { readonly minimum: number; readonly maximum: number } | undefined,
): { readonly schema: TSchema; readonly value: unknown } | undefined {
  const word = text.replace(/^'(.*)'$/, "$1");
  if (STRINGS.has(type))
    return { schema: Type.String({ maxLength: 200, pattern: "^[ -~]*$" }), value: word };
  if (type === "Boolean") return { schema: Type.Boolean(), value: word === "true" || word === "1" };
  if (type === "Enumeration")
    return { schema: Type.Enum([...new Set([...entries, word])]), value: word };
  const value = Number(word);
  if (!Number.isFinite(value) || !(INTEGERS.has(type) || FLOATS.has(type))) return undefined;
  // A register may hold what it does not accept.
  const bounds = limits && {
    minimum: Math.min(limits.minimum, value),
    maximum: Math.max(limits.maximum, value),
  };
  return { schema: INTEGERS.has(type) ? Type.Integer(bounds) : Type.Number(bounds), value };
}
