/** How many bits of a code are looked up at once. */
const LOOKUP_BITS = 16;

/** The bits of entropy-coded data, without stuffed zeros, up to its end or the next marker. */
export class ScanBits {
  /** Where the next byte is. */
  at: number;
  readonly #bytes: Uint8Array;
  #bits = 0;
  #count = 0;
  /** Bits behind the end, which are no data: whoever has used one has read too far. */
  #beyond = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Whether more was read than is there. */
  get isOver(): boolean {
    return this.#beyond > this.#count;
  }

  /** The symbol of the next code: `table` has its length in the high byte of what each 16 bits begin with. 0 bits stand for no code. @returns -1 for none. */
  symbol(table: Uint16Array): number {
    this.#fill();
    const entry = table[(this.#bits >>> (this.#count - LOOKUP_BITS)) & 0xffff]!;
    if (entry === 0) return -1;
    this.#count -= entry >> 8;
    return entry & 0xff;
  }

  /** Passes over up to 15 bits. */
  skip(count: number): void {
    this.#fill();
    this.#count -= count;
  }

  /** Leaves the rest of the present byte, and what has been read ahead. */
  align(): void {
    const whole = Math.max(0, (this.#count - this.#beyond) >> 3);
    for (let n = 0; n < whole; n++) {
      this.at -= 1;
      if (this.#bytes[this.at] === 0 && this.#bytes[this.at - 1] === 0xff) this.at -= 1;
    }
    this.#bits = this.#count = this.#beyond = 0;
  }

  /** At least 16 bits are there after this; at most 24 are kept. */
  #fill(): void {
    while (this.#count < LOOKUP_BITS) {
      const byte = this.#next();
      this.#bits = ((this.#bits << 8) | byte) & 0xffffff;
      this.#count += 8;
    }
  }

  #next(): number {
    const byte = this.#bytes[this.at];
    const isStuffed = byte === 0xff && this.#bytes[this.at + 1] === 0;
    if (byte === undefined || (byte === 0xff && !isStuffed)) {
      this.#beyond += 8;
      return 0xff;
    }
    this.at += isStuffed ? 2 : 1;
    return byte;
  }
}

/** A table of codes by all 16 bits that may begin with one: its length << 8 and its symbol; 0 for no code. */
export function codeTable(counts: Uint8Array, symbols: Uint8Array): Uint16Array {
  const table = new Uint16Array(1 << LOOKUP_BITS);
  for (let length = 1, code = 0, next = 0; length <= LOOKUP_BITS; length++, code <<= 1) {
    for (let n = 0; n < counts[length - 1]!; n++, code++, next++) {
      const from = code << (LOOKUP_BITS - length);
      table.fill((length << 8) | symbols[next]!, from, from + (1 << (LOOKUP_BITS - length)));
    }
  }
  return table;
}
