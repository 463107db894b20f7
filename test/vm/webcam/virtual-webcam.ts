import type { Socket } from "node:net";
import { CONTROLS, type ControlName, Controls, numberBytes, UNITS } from "./controls.ts";
import {
  configurationDescriptor,
  deviceDescriptor,
  ENDPOINTS,
  type Identity,
  stringDescriptor,
} from "./descriptors.ts";
import { FORMATS, type Format, type Mode, Negotiation } from "./modes.ts";
import { PictureEndpoint } from "./picture-endpoint.ts";
import type { PictureFault } from "./pictures.ts";
import { NEVER, type Transfer, type UsbFunction, UsbIpLink } from "./usbip.ts";
import { attach, detach, videoNode } from "./virtual-hub.ts";

export interface WebcamOptions extends Partial<Identity> {
  readonly formats?: readonly Format[];
}

const [NOTHING_MORE, ZERO, ONE] = [Buffer.alloc(0), Buffer.from([0]), Buffer.from([1])];
/** Types of a request, and requests of USB itself (USB 2.0, 9.4). */
const [STANDARD, CLASS] = [0, 1];
const [GET_STATUS, GET_DESCRIPTOR, GET_CONFIGURATION, GET_INTERFACE] = [0, 6, 8, 10];
const STREAMING_INTERFACE = 1;

/**
 * A USB webcam that is a program: the kernel's own uvcvideo drives it, through USB/IP. It can be plugged into the ports of the
 * virtual hub, and has faults on command. It runs in this process, which must not block while the kernel talks to it.
 */
export class VirtualWebcam implements UsbFunction, AsyncDisposable {
  /** Its controls; the event "set" tells what reached the device. */
  readonly controls = new Controls();
  readonly #identity: Identity;
  readonly #configuration: Buffer;
  readonly #negotiation: Negotiation;
  readonly #pictures: PictureEndpoint;
  /** Transfers that wait for a change of a control, or changes that wait for a transfer. */
  readonly #changes: Transfer[] = [];
  readonly #unannounced: Buffer[] = [];
  #link: UsbIpLink | undefined;
  #socket: Socket | undefined;
  #port: number | undefined;
  #node = "";
  #isMute = false;
  /** Resolves once a request has come that is not answered. */
  #onUnanswered: () => void = () => {};

  constructor({ formats = FORMATS, ...identity }: WebcamOptions = {}) {
    const usual = { vendor: 0x1d6b, product: 0x0102, maker: "Thingscope", name: "Virtual Webcam" };
    this.#identity = { ...usual, serial: undefined, ...identity };
    this.#configuration = configurationDescriptor(formats);
    this.#negotiation = new Negotiation(formats);
    this.#pictures = new PictureEndpoint(
      () => this.mode,
      (transfer, data) => this.#link?.complete(transfer, data),
    );
  }

  /** A webcam that is plugged in, and its node. */
  static async pluggedIn(port: number, options: WebcamOptions = {}): Promise<VirtualWebcam> {
    const webcam = new VirtualWebcam(options);
    await webcam.plugIn(port);
    return webcam;
  }

  /** Its video node, or the one that it had last: `/dev/video2`. */
  get node(): string {
    return this.#node;
  }

  /** What the kernel has committed last. */
  get mode(): Mode {
    return this.#negotiation.mode;
  }

  /** Frames sent since the camera was made; frame N has N in its stamp (`sequenceIn`). */
  get sent(): number {
    return this.#pictures.sent;
  }

  /** Frame `sequence` as it is sent in the present mode when nothing is wrong with it. */
  picture(sequence: number): Promise<Buffer> {
    return this.#pictures.picture(sequence);
  }

  /** @param port - 0 to 14. @returns Its video node, `/dev/video2`. */
  async plugIn(port: number): Promise<string> {
    this.#socket = await attach(port, (socket) => {
      this.#link = new UsbIpLink(socket, this);
    });
    this.#port = port;
    this.#node = await videoNode(port);
    return this.#node;
  }

  /** As when the cable is pulled. */
  async unplug(): Promise<void> {
    const port = this.#port;
    this.#port = undefined;
    if (port !== undefined) await detach(port);
    this.#socket?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.unplug();
  }

  /** The next `frames` frames have that fault; with Infinity all of them, until it is called with undefined. */
  break(fault: PictureFault | undefined, frames = 1): void {
    this.#pictures.break(fault, frames);
  }

  /** While silent, the camera sends no frames, and still answers. */
  silence(isSilent: boolean): void {
    this.#pictures.silence(isSilent);
  }

  /** From now on requests to its controls are not answered, so that programs hang in the driver; resolves when one came. */
  mute(): Promise<void> {
    this.#isMute = true;
    return new Promise((resolve) => {
      this.#onUnanswered = resolve;
    });
  }

  /** Requests are answered again. */
  unmute(): void {
    this.#isMute = false;
  }

  /** The endpoint of the pictures refuses what waits there. */
  stall(): void {
    this.#pictures.stall();
  }

  /** The camera changes a control by itself, as its automatic does, and announces that. */
  change(name: ControlName, value: number): void {
    this.controls.put(name, value);
    const { unit, selector, bytes } = CONTROLS[name];
    const [controlInterface, controlChange, valueChange] = [1, 0, 0];
    const head = Buffer.from([controlInterface, UNITS[unit], controlChange, selector, valueChange]);
    this.#unannounced.push(Buffer.concat([head, numberBytes(value, bytes)]));
    this.#announce();
  }

  control(setup: Buffer, data: Buffer): Uint8Array | undefined | typeof NEVER {
    const type = (setup[0]! >> 5) & 0b11;
    if (type === STANDARD) return this.#standard(setup);
    if (type !== CLASS) return undefined;
    const [request, selector, target, unit] = [setup[1]!, setup[3]!, setup[4]!, setup[5]!];
    if (target === STREAMING_INTERFACE) return this.#negotiation.request(selector, request, data);
    if (this.#isMute) {
      this.#onUnanswered();
      return NEVER;
    }
    return this.controls.request(unit, selector, request, data);
  }

  submitted(transfer: Transfer): void {
    if (transfer.endpoint !== ENDPOINTS.changes) {
      this.#pictures.submitted(transfer);
      return;
    }
    this.#changes.push(transfer);
    this.#announce();
  }

  withdrawn(transfer: Transfer): void {
    if (transfer.endpoint === 0) return;
    const at = this.#changes.indexOf(transfer);
    if (at >= 0) this.#changes.splice(at, 1);
    else this.#pictures.withdrawn(transfer);
  }

  #announce(): void {
    while (this.#changes.length > 0 && this.#unannounced.length > 0)
      this.#link?.complete(this.#changes.shift()!, this.#unannounced.shift()!);
  }

  #standard(setup: Buffer): Uint8Array | undefined {
    const [, request, index, type] = setup;
    if (request === GET_DESCRIPTOR) return this.#descriptor(type!, index!);
    if (request === GET_STATUS) return Buffer.alloc(2);
    if (request === GET_CONFIGURATION) return ONE;
    if (request === GET_INTERFACE) return ZERO;
    return NOTHING_MORE;
  }

  #descriptor(type: number, index: number): Uint8Array | undefined {
    if (type === 1) return deviceDescriptor(this.#identity);
    if (type === 2) return this.#configuration;
    return type === 3 ? stringDescriptor(index, this.#identity) : undefined;
  }
}
