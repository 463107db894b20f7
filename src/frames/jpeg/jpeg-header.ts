import { type Orientation, orientationIn } from "./exif-orientation.ts";
import { badFrame, hex, word } from "./jpeg-fault.ts";
import { HuffmanTables } from "./jpeg-huffman.ts";

/** More than this per side is refused by libjpeg, and so by browsers. */
const MAX_SIDE = 65500;
const MAX_BLOCKS_PER_MCU = 10;
/** Chromium gives up at the hundredth. */
const MAX_SCANS = 99;
/** Ids that make three components red, green and blue for libjpeg. */
const RGB = [0x52, 0x47, 0x42];
const SOF_PROGRESSIVE = 0xc2;

interface Component {
  readonly id: number;
  /** Sampling factors, 1 to 4. */
  readonly across: number;
  readonly down: number;
  readonly quantisationTable: number;
  /** A scan has told the mean of each of its blocks. */
  begun: boolean;
}

/**
 * Collects the headers of one JPEG. Each `read…` takes the content of one segment, without marker and length, and refuses what
 * would make libjpeg, and so a browser, give up.
 */
export class JpegHeader {
  /** Pixels in the file, before anything is turned. */
  width = 0;
  height = 0;
  readonly huffman = new HuffmanTables();
  hasRestarts = false;
  scans = 0;
  #orientation: Orientation | undefined;
  #isAdobe = false;
  readonly #maxPixels: number;
  #progressive = false;
  readonly #components: Component[] = [];
  /** Bit n is set when table n is defined. */
  #quantisationTables = 0;

  constructor(maxPixels: number) {
    this.#maxPixels = maxPixels;
  }

  get orientation(): Orientation {
    return this.#orientation ?? 1;
  }

  /** Of a picture with several, the first EXIF block counts, as in browsers. */
  readApplicationData(bytes: Uint8Array, start: number, end: number): void {
    this.#orientation ??= orientationIn(bytes, start, end);
  }

  get components(): number {
    return this.#components.length;
  }

  /** Grey, or YCbCr whose brightness has the sampling of each colour, or twice that across or down, or four times across. */
  get isCommon(): boolean {
    const [first, blue, red] = this.#components;
    if (!first || !this.huffman.areSound || this.#isAdobe) return false;
    if (!blue || !red) return true;
    const { across, down } = first;
    const isKnown = (across <= 2 && down <= 2) || (across === 4 && down === 1);
    const areOne = blue.across * blue.down * red.across * red.down === 1;
    const isRgb = first.id === RGB[0] && blue.id === RGB[1] && red.id === RGB[2];
    const areOthers = first.id !== blue.id && first.id !== red.id && blue.id !== red.id;
    const isComplete = first.begun && blue.begun && red.begun;
    return this.components === 3 && isKnown && areOne && !isRgb && areOthers && isComplete;
  }

  readRestartInterval(bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 2) {
      const why = `the restart interval at byte ${start} has ${end - start} bytes instead of 2`;
      throw badFrame(why);
    }
    this.hasRestarts = word(bytes, start) > 0;
  }

  /** Adobe's segment says how colours are coded; 1 is the usual way. */
  readAdobe(bytes: Uint8Array, start: number, end: number): void {
    const isOne = end - start >= 12 && bytes[start] === 0x41 && bytes[start + 4] === 0x65;
    if (isOne) this.#isAdobe = bytes[start + 11] !== 1;
  }

  readQuantisationTables(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const precision = bytes[at]! >> 4;
      const id = bytes[at]! & 15;
      if (precision > 1 || id > 3) {
        throw badFrame(
          `the quantisation table at byte ${at} has precision ${precision} and id ${id}`,
        );
      }
      at += 1 + 64 * (precision + 1);
      if (at > end) throw badFrame(`the quantisation tables at byte ${start} are truncated`);
      this.#quantisationTables |= 1 << id;
    }
  }

  /** `code` is the second byte of the SOF marker. */
  readFrameHeader(code: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.width > 0) throw badFrame(`there is a second frame header (SOF) at byte ${start}`);
    if (code > SOF_PROGRESSIVE)
      throw badFrame(`its coding (SOF marker FF${hex(code)}) is neither baseline nor progressive`);
    if (end - start < 6) throw badFrame(`the frame header (SOF) at byte ${start} is truncated`);
    const precision = bytes[start]!;
    if (precision !== 8) throw badFrame(`it has ${precision} bits per sample instead of 8`);
    const height = word(bytes, start + 1);
    const width = word(bytes, start + 3);
    if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE) {
      throw badFrame(
        `its header says ${width} x ${height} pixels; each side must be 1 to ${MAX_SIDE}`,
      );
    }
    if (width * height > this.#maxPixels) {
      throw badFrame(
        `its header says ${width} x ${height} pixels; a total of at most ${this.#maxPixels} is allowed`,
      );
    }
    const count = bytes[start + 5]!;
    if ((count !== 1 && count !== 3 && count !== 4) || end - start !== 6 + 3 * count) {
      throw badFrame(
        `the frame header (SOF) at byte ${start} has ${count} colour components in ${end - start} bytes`,
      );
    }
    for (let at = start + 6; at < end; at += 3) this.#readComponent(bytes, at);
    this.#refuseFractionalSampling();
    this.#progressive = code === SOF_PROGRESSIVE;
    this.width = width;
    this.height = height;
  }

  #readComponent(bytes: Uint8Array, at: number): void {
    const id = bytes[at]!;
    const across = bytes[at + 1]! >> 4;
    const down = bytes[at + 1]! & 15;
    const quantisationTable = bytes[at + 2]!;
    if (across < 1 || across > 4 || down < 1 || down > 4 || quantisationTable > 3) {
      throw badFrame(
        `the colour component at byte ${at} has sampling ${across} x ${down} and quantisation table ${quantisationTable}`,
      );
    }
    this.#components.push({ id, across, down, quantisationTable, begun: false });
  }

  /** libjpeg enlarges a colour component by whole numbers only. */
  #refuseFractionalSampling(): void {
    const across = Math.max(...this.#components.map((component) => component.across));
    const down = Math.max(...this.#components.map((component) => component.down));
    for (const component of this.#components) {
      if (across % component.across === 0 && down % component.down === 0) continue;
      throw badFrame(
        `colour component ${component.id} is sampled ${component.across} x ${component.down}, which does not divide ${across} x ${down}`,
      );
    }
  }

  /** The header of a scan (SOS). */
  readScanHeader(bytes: Uint8Array, start: number, end: number): void {
    if (this.width === 0)
      throw badFrame(`a scan (SOS) begins at byte ${start}, before any frame header (SOF)`);
    this.scans += 1;
    if (this.scans > MAX_SCANS) throw badFrame(`it has more than ${MAX_SCANS} scans`);
    const count = bytes[start]!;
    if (count < 1 || count > this.#components.length || end - start !== 4 + 2 * count) {
      throw badFrame(
        `the scan header (SOS) at byte ${start} has ${count} components in ${end - start} bytes`,
      );
    }
    const { dc, ac } = this.#tablesOfPass(bytes, end - 3, count);
    const seen = new Set<Component>();
    let blocks = 0;
    for (let at = start + 1; at < end - 3; at += 2) {
      // Of components with one id, the next one is meant.
      const component = this.#components.find((one) => one.id === bytes[at] && !seen.has(one));
      if (!component) {
        throw badFrame(
          `the scan header (SOS) at byte ${start} names colour component ${bytes[at]}, which is unknown or named twice`,
        );
      }
      seen.add(component);
      blocks += component.across * component.down;
      if ((this.#quantisationTables & (1 << component.quantisationTable)) === 0) {
        throw badFrame(
          `quantisation table ${component.quantisationTable} is used but never defined`,
        );
      }
      component.begun ||= dc;
      if (dc) this.huffman.require("DC", bytes[at + 1]! >> 4, !this.#progressive);
      if (ac) this.huffman.require("AC", bytes[at + 1]! & 15, !this.#progressive);
    }
    if (count > 1 && blocks > MAX_BLOCKS_PER_MCU) {
      throw badFrame(
        `the scan at byte ${start} interleaves ${blocks} blocks; at most ${MAX_BLOCKS_PER_MCU} are allowed`,
      );
    }
  }

  /** Which Huffman tables a scan needs: all in a sequential JPEG, one kind or none in a pass of a progressive one. */
  #tablesOfPass(bytes: Uint8Array, at: number, components: number): { dc: boolean; ac: boolean } {
    if (!this.#progressive) return { dc: true, ac: true };
    const first = bytes[at]!;
    const last = bytes[at + 1]!;
    const high = bytes[at + 2]! >> 4;
    const low = bytes[at + 2]! & 15;
    const bandIsWrong = first === 0 ? last !== 0 : last < first || last > 63 || components !== 1;
    if (bandIsWrong || low > 13 || (high !== 0 && high !== low + 1)) {
      throw badFrame(
        `the progressive scan at byte ${at} asks for coefficients ${first} to ${last}, bits ${high} to ${low}`,
      );
    }
    return { dc: first === 0 && high === 0, ac: first > 0 };
  }
}
