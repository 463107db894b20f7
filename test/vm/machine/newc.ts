/** One file of an archive: a folder, a device, a symbolic link or a regular file, by its mode. */
interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly data?: Uint8Array;
  /** Major and minor number of a device. */
  readonly device?: readonly [number, number];
}

const FOLDER = 0o40_755;
const PROGRAM = 0o100_755;
const CHARACTER_DEVICE = 0o20_600;
const SYMBOLIC_LINK = 0o120_777;
const BLOCK = 512;

/**
 * A cpio archive of the kind that Linux unpacks as its first file system: "newc", with numbers as eight hexadecimal digits
 * and parts padded to four bytes (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel).
 */
export class NewcArchive {
  readonly #entries: Entry[] = [];

  folder(name: string): this {
    return this.#add({ name, mode: FOLDER });
  }

  /** An executable or plain file; root may run every file. */
  file(name: string, data: Uint8Array | string): this {
    return this.#add({ name, mode: PROGRAM, data: Buffer.from(data) });
  }

  link(name: string, target: string): this {
    return this.#add({ name, mode: SYMBOLIC_LINK, data: Buffer.from(target) });
  }

  device(name: string, major: number, minor: number): this {
    return this.#add({ name, mode: CHARACTER_DEVICE, device: [major, minor] });
  }

  bytes(): Uint8Array {
    const all = [...this.#entries, { name: "TRAILER!!!", mode: 0 }];
    const archive = Buffer.concat(all.flatMap((entry, index) => written(entry, index + 1)));
    return Buffer.concat([archive, zeros(archive.length, BLOCK)]);
  }

  #add(entry: Entry): this {
    this.#entries.push(entry);
    return this;
  }
}

function written({ name, mode, data = Buffer.alloc(0), device = [0, 0] }: Entry, inode: number) {
  const path = Buffer.from(`${name}\0`);
  const [uid, gid, links, modified, major, minor, check] = [0, 0, 1, 0, 0, 0, 0];
  const numbers = [inode, mode, uid, gid, links, modified, data.length, major, minor, ...device];
  const digits = [...numbers, path.length, check].map((n) => n.toString(16).padStart(8, "0"));
  const head = Buffer.from(`070701${digits.join("")}`);
  return [head, path, zeros(head.length + path.length, 4), data, zeros(data.length, 4)];
}

/** What is missing from `length` to a multiple of `unit`. */
function zeros(length: number, unit: number): Buffer {
  return Buffer.alloc((unit - (length % unit)) % unit);
}
