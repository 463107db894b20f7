import type { Socket } from "node:net";

/** What the kernel wants of the device: to take `data`, or to give at most `length` bytes. */
export interface Transfer {
  readonly number: number;
  readonly endpoint: number;
  readonly isIn: boolean;
  readonly length: number;
  /** The request, for endpoint 0. */
  readonly setup: Buffer;
  readonly data: Buffer;
}

/** For a request that is not answered. */
export const NEVER = Symbol("never");

/** Of the device, which a {@link UsbIpLink} carries to a kernel. */
export interface UsbFunction {
  /** The answer to a request to endpoint 0; undefined: stalled, which is how a device refuses; NEVER: until it is withdrawn. */
  control(setup: Buffer, data: Buffer): Uint8Array | undefined | typeof NEVER;
  /** A transfer on another endpoint begins; it stays open until it is completed or `withdrawn` is called. */
  submitted(transfer: Transfer): void;
  withdrawn(transfer: Transfer): void;
}

const HEAD_BYTES = 48;
const [SUBMIT, UNLINK, SUBMITTED, UNLINKED] = [1, 2, 3, 4] as const;
/** Numbers of errors in Linux. */
const [STALLED, RESET] = [-32, -104];

/**
 * The device's end of a USB/IP connection, as the kernel's vhci_hcd speaks it once a device is attached
 * (Documentation/usb/usbip_protocol.rst of the kernel): numbers are big-endian.
 */
export class UsbIpLink {
  readonly #socket: Socket;
  readonly #device: UsbFunction;
  readonly #open = new Map<number, Transfer>();
  #received: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, device: UsbFunction) {
    this.#socket = socket;
    this.#device = device;
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#withdrawAll());
  }

  /** Ends a transfer with what the device gives, or with a stall. */
  complete(transfer: Transfer, data: Uint8Array | undefined): void {
    if (!this.#open.delete(transfer.number)) return;
    this.#reply(transfer, data);
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length > 0 ? Buffer.concat([this.#received, chunk]) : chunk;
    for (;;) {
      const length = messageLength(this.#received);
      if (length === undefined || this.#received.length < length) return;
      const message = this.#received.subarray(0, length);
      this.#received = this.#received.subarray(length);
      this.#take(message);
    }
  }

  #take(message: Buffer): void {
    if (message.readUInt32BE(0) === UNLINK) {
      this.#unlink(message);
      return;
    }
    const transfer = transferOf(message);
    if (transfer.endpoint !== 0) {
      this.#open.set(transfer.number, transfer);
      this.#device.submitted(transfer);
      return;
    }
    const answer = this.#device.control(transfer.setup, transfer.data);
    if (answer === NEVER) this.#open.set(transfer.number, transfer);
    else this.#reply(transfer, answer);
  }

  #unlink(message: Buffer): void {
    const transfer = this.#open.get(message.readUInt32BE(20));
    if (transfer) {
      this.#open.delete(transfer.number);
      this.#device.withdrawn(transfer);
    }
    this.#socket.write(head(UNLINKED, message.readUInt32BE(4), transfer ? RESET : 0, 0));
  }

  #reply({ number, isIn, length }: Transfer, data: Uint8Array | undefined): void {
    if (data === undefined) {
      this.#socket.write(head(SUBMITTED, number, STALLED, 0));
    } else if (isIn) {
      const given = data.subarray(0, length);
      this.#socket.write(Buffer.concat([head(SUBMITTED, number, 0, given.length), given]));
    } else {
      this.#socket.write(head(SUBMITTED, number, 0, length));
    }
  }

  #withdrawAll(): void {
    for (const transfer of this.#open.values()) this.#device.withdrawn(transfer);
    this.#open.clear();
  }
}

/** Undefined while the beginning of it has not come. */
function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const command = bytes.readUInt32BE(0);
  if (command !== SUBMIT && command !== UNLINK) throw new Error(`USB/IP has no command ${command}`);
  const isOut = command === SUBMIT && bytes.readUInt32BE(12) === 0;
  return HEAD_BYTES + (isOut ? bytes.readUInt32BE(24) : 0);
}

function transferOf(message: Buffer): Transfer {
  return {
    number: message.readUInt32BE(4),
    isIn: message.readUInt32BE(12) === 1,
    endpoint: message.readUInt32BE(16),
    length: message.readUInt32BE(24),
    setup: message.subarray(40, HEAD_BYTES),
    data: message.subarray(HEAD_BYTES),
  };
}

function head(command: number, number: number, status: number, length: number): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes.writeUInt32BE(command, 0);
  bytes.writeUInt32BE(number, 4);
  bytes.writeInt32BE(status, 20);
  bytes.writeUInt32BE(length, 24);
  return bytes;
}
