import type { VideoNode } from "./video-nodes.ts";

/** A camera that was seen, and where it was last. */
export interface KnownIdentity {
  readonly id: string;
  /** Model, serial number and function: the same for cameras that cannot be told apart by them. */
  readonly key: string;
  /** The port that it was last at. */
  readonly port: string;
}

/** Beyond this many the one that was seen least recently is forgotten. */
export const MOST_IDENTITIES = 512;

/**
 * Which camera a video node is, whatever its number. A serial number that only one camera has decides, at any port. Where
 * two have the same one, or none, or one that makers leave as it is (`0001`), the port decides, from then on: they are never
 * taken for one another.
 */
export class CameraIdentities {
  /** By id, the one seen least recently first. */
  readonly #known = new Map<string, KnownIdentity>();
  /** Keys that more than one camera has. */
  readonly #shared = new Set<string>();

  /** All cameras that it has seen, the one seen least recently first. */
  get known(): KnownIdentity[] {
    return [...this.#known.values()];
  }

  /** Takes over what an earlier run knew: what `known` gave. */
  remember(known: Iterable<KnownIdentity>): void {
    for (const identity of known) if (!this.#known.has(identity.id)) this.#know(identity);
  }

  /** A configuration names a camera by its id, which may not have been seen yet. */
  expect(id: string): void {
    if (this.#known.has(id)) return;
    const at = id.indexOf("@");
    const [key, port] = at < 0 ? [id, ""] : [id.slice(0, at), id.slice(at + 1)];
    this.#know({ id, key, port });
  }

  /** The id of each node, all of which are there at the same time. No two get the same one. */
  identify(nodes: readonly VideoNode[]): Map<VideoNode, string> {
    const found = new Map<VideoNode, string>();
    const isFree = (id: string) => ![...found.values()].includes(id);
    const assign = (node: VideoNode, id: string) => {
      found.set(node, id);
      this.#know({ id, key: keyOf(node), port: portOf(node) });
    };
    for (const key of repeated(nodes.map(keyOf))) this.#shared.add(key);
    for (const choose of [this.#stayed, this.#moved, this.#newId]) {
      for (const node of nodes) {
        const id = found.has(node) ? undefined : choose.call(this, node, isFree);
        if (id !== undefined) assign(node, id);
      }
    }
    return found;
  }

  #stayed(node: VideoNode, isFree: (id: string) => boolean): string | undefined {
    const [key, port] = [keyOf(node), portOf(node)];
    return this.known.find((one) => one.key === key && one.port === port && isFree(one.id))?.id;
  }

  /** The camera that this one was at another port, if its serial number, or an id that names no port, says so. */
  #moved(node: VideoNode): string | undefined {
    const key = keyOf(node);
    if (this.#shared.has(key)) return undefined;
    const isOwn = hasSerial(node);
    return this.known.find((one) => one.key === key && (isOwn || one.port === ""))?.id;
  }

  #newId(node: VideoNode, isFree: (id: string) => boolean): string {
    const key = keyOf(node);
    const isTold = hasSerial(node) && !this.#shared.has(key) && !this.#known.has(key);
    const id = isTold ? key : `${key}@${portOf(node)}`;
    let unique = id;
    for (let number = 2; !isFree(unique); number++) unique = `${id}-${number}`;
    return unique;
  }

  #know(identity: KnownIdentity): void {
    const { id, key } = identity;
    if (id !== key) this.#shared.add(key); // an id with a port means that port
    for (const other of this.#known.values()) {
      if (other.key === key && other.id !== id) this.#shared.add(key);
    }
    this.#known.delete(id);
    this.#known.set(id, identity);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_IDENTITIES && oldest !== undefined) this.#forget(oldest);
  }

  #forget(id: string): void {
    const key = this.#known.get(id)?.key;
    this.#known.delete(id);
    if (key !== undefined && !this.known.some((one) => one.key === key)) this.#shared.delete(key);
  }
}

/** Those of this process: what serves cameras and what opens them agree on which is which. */
export const localIdentities = new CameraIdentities();

/** `usb-046d:0825-1A2B3C4D`: what a camera says of itself. A device on another bus is built in, and named by its driver. */
function keyOf({ usb, device, name, index }: VideoNode): string {
  const stream = index === 0 ? "" : `-stream${index}`;
  if (!usb) return `${plain(device)}-${plain(name)}${stream}`;
  const serial = usb.serial === undefined ? "" : `-${plain(usb.serial)}`;
  const part = usb.interface === "00" ? "" : `-if${usb.interface}`;
  return `usb-${usb.vendor}:${usb.product}${serial}${part}${stream}`;
}

function plain(text: string): string {
  return text.replaceAll(/[^\w.:-]+/g, "_");
}

function portOf({ usb, device }: VideoNode): string {
  return usb?.port ?? plain(device);
}

/** Whether it has a serial number that is no other camera's, as far as can be told. */
function hasSerial({ usb }: VideoNode): boolean {
  return usb === undefined || (usb.serial !== undefined && !isPlaceholder(usb.serial));
}

const COUNTING = "0123456789abcdef";
/** `0001`, `SN0001`, `01.00.00`. */
const FIRST = /^(?:s\/?n|no)?[\W_]*[01\W_]*$/i;
/** `20200513`, `200901010001`: of a day, not of a camera. */
const DAY = /^20[0-3]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])0*1?$/;

/** Whether a serial number is one that a maker gave all cameras. */
function isPlaceholder(serial: string): boolean {
  return FIRST.test(serial) || DAY.test(serial) || COUNTING.includes(serial.toLowerCase());
}

function repeated(keys: readonly string[]): Set<string> {
  return new Set(keys.filter((key, at) => keys.indexOf(key) !== at));
}
