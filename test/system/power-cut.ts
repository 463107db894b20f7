import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { DiskCall } from "./disk-log.ts";

/** A number from 0 to 1 at each call; the same row for the same seed. */
export type Random = () => number;

/** Marsaglia's xorshift, 32 bits. */
export function randomOf(seed: number): Random {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * What becomes of the writes that no sync has confirmed: all are lost; all are there; those to some moment, the last one torn;
 * some and not others; some of their sectors and not others. Those after the first are how a disk may reorder.
 */
export const FATES = ["lost", "kept", "in order, torn", "some", "some sectors"] as const;
export type Fate = (typeof FATES)[number];

const SECTOR = 512;

type DataCall = Extract<DiskCall, { kind: "write" | "truncate" }>;
type NameCall = Extract<DiskCall, { kind: "create" | "rename" | "link" | "unlink" | "mkdir" }>;

/** A call, the how-manyth it was, and whether a sync has confirmed it. */
interface Asked<Call> {
  readonly call: Call;
  readonly n: number;
  isSafe: boolean;
}

interface Inode {
  readonly data: Asked<DataCall>[];
}

/** What a disk has been asked until the power fails. */
export class Disk {
  readonly #inodes = new Map<number, Inode>();
  readonly #names: Asked<NameCall & { inode?: Inode }>[] = [];
  /** What a sync that has begun will have confirmed once it ends. */
  readonly #syncing = new Map<string, Asked<DiskCall>[]>();

  /** @param before - What was asked so long ago that it is on the disk. */
  constructor(calls: Iterable<DiskCall>, before: Iterable<DiskCall> = []) {
    let n = 0;
    for (const call of before) this.#take(call, n++);
    for (const one of this.#unsafe) one.isSafe = true;
    for (const call of calls) this.#take(call, n++);
  }

  /** Writes what is found on the disk once the power is back into `folder`, which stands for `watched`. */
  async restore(watched: string, folder: string, fate: Fate, random: Random): Promise<void> {
    const found = new Map<string, Inode>();
    const folders = new Set([watched]);
    const survives = survivorsOf(fate, random, this.#unsafe);
    for (const name of this.#names) {
      if (!name.isSafe && !survives(name)) continue;
      const { call } = name;
      if (!folders.has(dirname(call.path))) continue;
      if (call.kind === "mkdir") folders.add(call.path);
      else if (call.kind === "create") found.set(call.path, call.inode!);
      else {
        const inode = found.get(call.path);
        if (call.kind !== "link") found.delete(call.path);
        if (inode && "to" in call) found.set(call.to, inode);
      }
    }
    for (const path of folders) {
      await mkdir(join(folder, relative(watched, path)), { recursive: true });
    }
    for (const [path, inode] of found) {
      const bytes = contentOf(inode, fate, survives, random);
      await writeFile(join(folder, relative(watched, path)), bytes);
    }
  }

  get #unsafe(): Asked<DiskCall>[] {
    const data = [...this.#inodes.values()].flatMap((inode) => inode.data);
    return [...data, ...this.#names]
      .filter(({ isSafe }) => !isSafe)
      .sort((one, other) => one.n - other.n);
  }

  #take(call: DiskCall, n: number): void {
    switch (call.kind) {
      case "create": {
        const inode: Inode = { data: [] };
        this.#inodes.set(call.file, inode); // its number may have been another's, who is gone
        this.#names.push({ call: { ...call, inode }, n, isSafe: false });
        return;
      }
      case "write":
      case "truncate":
        this.#inodes.get(call.file)?.data.push({ call, n, isSafe: false });
        return;
      case "sync begins":
        this.#syncing.set(call.path, this.#coveredBy(call.path, call.file));
        return;
      case "sync ends":
        for (const one of this.#syncing.get(call.path) ?? []) one.isSafe = true;
        return;
      default:
        this.#names.push({ call, n, isSafe: false });
    }
  }

  /** A file's sync covers its bytes; a folder's, the names in it. */
  #coveredBy(path: string, file: number): Asked<DiskCall>[] {
    const inode = this.#inodes.get(file);
    return inode ? [...inode.data] : this.#names.filter(({ call }) => dirname(call.path) === path);
  }
}

type Survives = (one: Asked<DiskCall>) => boolean;

function survivorsOf(fate: Fate, random: Random, unsafe: readonly Asked<DiskCall>[]): Survives {
  const share = random();
  const last = Math.floor(random() * (unsafe.length + 1));
  const survivors = new Set(
    unsafe.filter((_, n) => {
      if (fate === "lost") return false;
      if (fate === "kept") return true;
      if (fate === "in order, torn") return n < last;
      return random() < share || fate === "some sectors";
    }),
  );
  return (one) => survivors.has(one);
}

function contentOf({ data }: Inode, fate: Fate, survives: Survives, random: Random): Buffer {
  const content = new Content(data.map(({ call }) => call));
  const share = random();
  const torn = fate === "in order, torn" && data.findLast((one) => !one.isSafe && survives(one));
  for (const one of data) {
    const { call, isSafe } = one;
    const isLost = !isSafe && !survives(one);
    if (call.kind === "truncate") {
      if (!isLost) content.length = call.length;
    } else if (isLost) {
      const isLengthThere = fate !== "lost" && random() < 0.2;
      if (isLengthThere) content.length = Math.max(content.length, call.at + call.bytes.length);
    } else if (one === torn) {
      const sectors = [...sectorsOf(call)];
      const whole = Math.floor(random() * sectors.length);
      for (const [at, sector] of sectors.slice(0, whole)) content.write(at, sector);
    } else if (isSafe || fate !== "some sectors") content.write(call.at, call.bytes);
    else
      for (const [at, sector] of sectorsOf(call)) if (random() < share) content.write(at, sector);
  }
  return content.bytes;
}

function* sectorsOf({ at, bytes }: { at: number; bytes: Buffer }): Generator<[number, Buffer]> {
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + SECTOR - ((at + from) % SECTOR));
    yield [at + from, bytes.subarray(from, to)];
    from = to;
  }
}

/** The bytes of a file that is written piece by piece; what was never written is 0. */
class Content {
  readonly #bytes: Buffer;
  #length = 0;

  constructor(calls: readonly DataCall[]) {
    const ends = calls.map((call) =>
      call.kind === "write" ? call.at + call.bytes.length : call.length,
    );
    this.#bytes = Buffer.alloc(Math.max(0, ...ends));
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  set length(length: number) {
    this.#bytes.fill(0, length);
    this.#length = length;
  }

  write(at: number, bytes: Buffer): void {
    bytes.copy(this.#bytes, at);
    this.#length = Math.max(this.#length, at + bytes.length);
  }
}
