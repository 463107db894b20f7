import { isDeepStrictEqual } from "node:util";
import { messageOf, reasonOf, ThingError } from "../../base/errors.ts";
import type { Invocation } from "../../core/running.ts";
import type { Thing } from "../../core/thing.ts";
import { propertyName } from "./control-names.ts";
import { type ControlProperty, controlProperty } from "./control-property.ts";
import type { V4l2Device } from "./device.ts";
import type { V4l2Control, V4l2Description } from "./messages.ts";

/** The program reads so many at once. */
const MOST_POLLED = 64;

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
  /** What was set here, and is set again in a device that was away. */
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

  /** Reads what the driver changes without a word; observers are told what has changed. To be called while there are any. */
  async poll(): Promise<void> {
    const isTold = this.#device.description?.events ?? true;
    const silent = [...this.#shown.values()].filter(
      ({ property }) => property.kind === "property" && (property.isVolatile || !isTold),
    );
    const ids = silent.map(({ id }) => id);
    for (let at = 0; at < ids.length; at += MOST_POLLED)
      await this.#device.read(ids.slice(at, at + MOST_POLLED));
  }

  /**
   * Sets values by the names of their properties, those that govern others first.
   * @returns What could not be set, and why.
   */
  async apply(values: ReadonlyMap<string, unknown>): Promise<string[]> {
    const faults: string[] = [];
    const known = [...this.#shown.values()];
    const order = known.toSorted((a, b) => Number(this.#governs(b)) - Number(this.#governs(a)));
    for (const { id, name } of order) {
      const property = this.#shown.get(id)?.property;
      if (!property || !values.has(name) || property.readOnly) continue;
      if (isDeepStrictEqual(property.fromWire(this.#control(id).value), values.get(name))) continue;
      await this.#set(id, values.get(name)).catch((error) => {
        faults.push(`'${name}': ${reasonOf(error)}`);
      });
    }
    const unknown = [...values.keys()].filter((name) => !known.some((one) => one.name === name));
    return [...faults, ...unknown.map((name) => `'${name}': the camera has no such control`)];
  }

  /** Sets again what was set before the device was away. */
  applyAgain(): Promise<string[]> {
    return this.apply(new Map([...this.#wanted].filter(([name]) => this.#isShown(name))));
  }

  #isShown(name: string): boolean {
    return [...this.#shown.values()].some((one) => one.name === name);
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
    const isTold = this.#device.description?.events && !this.#shown.get(id)?.property.isVolatile;
    if (isTold) this.#device.assertReady();
    else await this.#device.read([id], signal);
    const { value } = this.#control(id);
    return this.#shown.get(id)?.property.fromWire(value);
  }

  async #set(id: number, value: unknown, signal?: AbortSignal): Promise<void> {
    this.#device.assertReady();
    const shown = this.#shown.get(id);
    if (!shown) throw noControl();
    await this.#device.set(this.#control(id), shown.property.toWire(value), signal);
    if (shown.property.kind === "property") this.#wanted.set(shown.name, value);
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

function noControl(): ThingError {
  return new ThingError(
    "NOT_READY",
    "The camera does not have this control any more. Read its Thing Description anew.",
  );
}
