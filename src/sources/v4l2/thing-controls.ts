import { isDeepStrictEqual } from "node:util";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import type { Invocation } from "../../core/running.ts";
import type { Thing } from "../../core/thing.ts";
import { propertyName } from "./control-names.ts";
import { type ControlProperty, controlProperty } from "./control-property.ts";
import type { V4l2Device } from "./device.ts";
import type { V4l2Control, V4l2Description } from "./messages.ts";

/** The program reads or sets so many at once. */
const MOST_AT_ONCE = 64;

interface Shown {
  readonly id: number;
  readonly name: string;
  readonly property: ControlProperty;
  /** All that a Thing Description says of it. */
  readonly described: string;
  /** The value that was told last, as JSON. */
  told: string;
}

/** The controls of a device as properties and actions of a Thing, in step with what the device says of them. */
export class V4l2Controls {
  readonly #thing: Thing;
  readonly #device: V4l2Device;
  readonly #isTaken: (name: string) => boolean;
  /** A control keeps its name while the server runs. */
  readonly #names = new Map<number, string>();
  readonly #shown = new Map<number, Shown>();
  /** What was set here, or is being set, and is set again in a device that was away. */
  readonly #wanted = new Map<string, unknown>();

  /** @param taken - Names that the Thing has otherwise. */
  constructor(thing: Thing, device: V4l2Device, taken: Iterable<string>) {
    this.#thing = thing;
    this.#device = device;
    const names = new Set(taken);
    this.#isTaken = (name) => names.has(name) || [...this.#names.values()].includes(name);
  }

  /** The device was described: adds what it has, changes what is different, and removes what it has no more. */
  update({ controls }: V4l2Description): void {
    for (const control of controls) this.#nameOf(control);
    this.changed(controls);
    const ids = new Set(controls.map(({ id }) => id));
    for (const shown of [...this.#shown.values()]) if (!ids.has(shown.id)) this.#remove(shown);
  }

  /** These controls have other values or limits. */
  changed(controls: readonly V4l2Control[]): void {
    for (const control of controls) this.#show(control);
  }

  /** Reads what the device changes without a word; observers are told what has changed. To be called while there are any. */
  async poll(): Promise<void> {
    const silent = [...this.#shown.values()].filter(
      (shown) => shown.property.kind === "property" && !this.#isReported(shown),
    );
    for (const some of chunks(silent)) await this.#device.read(some.map(({ id }) => id));
  }

  /**
   * Sets what was set here before, and once the values that it was configured with: those that govern others first, and as many at
   * once as the driver takes. A value that is set meanwhile is the one that holds.
   * @param initial - By the names of properties. @returns What could not be set, and why.
   */
  async apply(initial: ReadonlyMap<string, unknown> = new Map()): Promise<string[]> {
    for (const [name, value] of initial) if (!this.#wanted.has(name)) this.#wanted.set(name, value);
    const faults = new Map<string, string>();
    // Those that govern others may be governed themselves.
    for (const isGovernor of [true, true, false]) {
      const due = [...this.#shown.values()].filter(
        (shown) =>
          this.#governs(shown) === isGovernor && this.#isDue(shown) && !faults.has(shown.name),
      );
      for (const some of chunks(due)) await this.#setTogether(some, faults);
    }
    const known = new Set([...this.#shown.values()].map(({ name }) => name));
    for (const name of initial.keys())
      if (!known.has(name)) faults.set(name, "the camera has no such control");
    return [...faults].map(([name, why]) => `'${name}': ${why}`);
  }

  /** Whether it is to be set to something else than it has, and can be. */
  #isDue({ id, name, property }: Shown): boolean {
    if (!this.#wanted.has(name) || property.readOnly) return false;
    return !isDeepStrictEqual(property.fromWire(this.#control(id).value), this.#wanted.get(name));
  }

  /** In one command; where one of them is refused, each in a command of its own, which says why. */
  async #setTogether(due: readonly Shown[], faults: Map<string, string>): Promise<void> {
    const wanted = ({ id, name, property }: Shown) =>
      [this.#control(id), property.toWire(this.#wanted.get(name))] as const;
    try {
      await this.#device.set(new Map(due.map(wanted)));
    } catch (error) {
      const [only, ...others] = due;
      if (only && others.length === 0) faults.set(only.name, reasonOf(error));
      else for (const one of due) await this.#setTogether([one], faults);
    }
  }

  #show(control: V4l2Control): void {
    const { id } = control;
    const before = this.#shown.get(id);
    const property = controlProperty(control, (other) => this.#governor(other));
    if (!property) {
      if (before) this.#remove(before);
      return;
    }
    const name = this.#nameOf(control);
    const { title, description, types, schema, readOnly } = property;
    const described = JSON.stringify([property.kind, title, description, types, schema, !readOnly]);
    const told = JSON.stringify(control.value);
    this.#shown.set(id, { id, name, property, described, told });
    if (before?.described !== described && !this.#added(id, name, property)) return;
    if (before && before.told !== told && property.kind === "property") this.#thing.changed(name);
  }

  /** A control that cannot be described costs no more than itself. */
  #added(id: number, name: string, property: ControlProperty): boolean {
    try {
      this.#add(id, name, property);
      return true;
    } catch (error) {
      this.#shown.delete(id);
      this.#thing.log.warn(
        `The camera's control '${property.title}' is left out: ${messageOf(error)}`,
      );
      return false;
    }
  }

  #add(id: number, name: string, property: ControlProperty): void {
    const { title, description, types, schema, readOnly, initial, isVolatile } = property;
    const about = { name, title, description, types: [...types] };
    if (property.kind === "action") {
      this.#thing.addAction({
        ...{ ...about, ...(schema && { input: schema }) },
        run: (value: unknown, { signal }: Invocation) => this.#set(id, value, signal),
      });
      return;
    }
    if (!schema) return;
    const isWritable = readOnly === undefined;
    this.#thing.addProperty({
      ...{ ...about, schema, observable: true, saved: isWritable && !isVolatile },
      read: (signal) => this.#read(id, signal),
      ...(isWritable && { write: (value, signal) => this.#set(id, value, signal) }),
      ...(isWritable && initial !== undefined && { initial }),
    });
  }

  #remove({ id, name, property }: Shown): void {
    this.#shown.delete(id);
    if (property.kind === "action") this.#thing.removeAction(name);
    else this.#thing.removeProperty(name);
  }

  async #read(id: number, signal: AbortSignal): Promise<unknown> {
    const shown = this.#shown.get(id);
    if (shown && this.#isReported(shown)) this.#device.assertReady();
    else await this.#device.read([id], signal);
    const { value } = this.#control(id);
    return this.#shown.get(id)?.property.fromWire(value);
  }

  /** Whether the driver says when it changes. What an automatic control governs is changed by the device, often without a word. */
  #isReported({ id, property }: Shown): boolean {
    const { events = true, controls = [] } = this.#device.description ?? {};
    const isGoverned = controls.find((one) => one.id === id)?.flags.includes("inactive");
    return events && !isGoverned && !property.isVolatile;
  }

  async #set(id: number, value: unknown, signal?: AbortSignal): Promise<void> {
    this.#device.assertReady();
    const shown = this.#shown.get(id);
    if (!shown) throw noControl();
    const { name, property } = shown;
    const set = () =>
      this.#device.set(new Map([[this.#control(id), property.toWire(value)]]), signal);
    await (property.kind === "property" ? this.#wanting(name, value, set) : set());
  }

  /** What is applied again meanwhile must not undo it. */
  async #wanting(name: string, value: unknown, set: () => Promise<void>): Promise<void> {
    const before = [...this.#wanted].filter(([other]) => other === name);
    this.#wanted.set(name, value);
    try {
      await set();
    } catch (error) {
      if (this.#wanted.get(name) === value) {
        this.#wanted.delete(name);
        for (const [, older] of before) this.#wanted.set(name, older);
      }
      throw error;
    }
  }

  #control(id: number): V4l2Control {
    const control = this.#device.description?.controls.find((one) => one.id === id);
    if (!control) throw noControl();
    return control;
  }

  #nameOf({ id, name }: V4l2Control): string {
    const known = this.#names.get(id) ?? propertyName(name, this.#isTaken);
    this.#names.set(id, known);
    return known;
  }

  #governor(id: number): { name: string; value: string } | undefined {
    const control = this.#device.description?.controls.find((one) => one.id === id);
    if (!control) return undefined;
    const label = control.menu?.find(({ index }) => index === control.value)?.name;
    return { name: this.#nameOf(control), value: label ?? String(control.value) };
  }

  #governs({ id }: Shown): boolean {
    const flags = this.#device.description?.controls.find((one) => one.id === id)?.flags;
    return flags?.includes("update") ?? false;
  }
}

function chunks<T>(list: readonly T[]): T[][] {
  const count = Math.ceil(list.length / MOST_AT_ONCE);
  return Array.from({ length: count }, (_, n) =>
    list.slice(n * MOST_AT_ONCE, (n + 1) * MOST_AT_ONCE),
  );
}

function noControl(): ThingError {
  return new ThingError(
    "NOT_READY",
    "The camera does not have this control any more. Read its Thing Description anew.",
  );
}
