import { longSize, VOID } from "./ebml.ts";
import { readHead, readNumber } from "./ebml-read.ts";
import { BLOCK_HEAD_BYTES, clusterHead, ID } from "./matroska.ts";

/** What stands in a recording behind its head. */
export type Element = ClusterElement | BlockElement | OtherElement;

/** The head of a cluster; its blocks stand behind it. */
export interface ClusterElement {
  readonly kind: "cluster";
  readonly at: number;
  /** Where its first block begins. */
  readonly end: number;
  readonly tick: number;
  /** Bytes of its content; Infinity while it was not known. */
  readonly size: number;
}

export interface BlockElement {
  readonly kind: "block";
  readonly at: number;
  readonly end: number;
  /** Where the JPEG stands. */
  readonly offset: number;
  /** Bytes of the JPEG. */
  readonly size: number;
  /** Ticks since its cluster's. */
  readonly after: number;
}

interface OtherElement {
  readonly kind: "void" | "cues";
  readonly at: number;
  readonly end: number;
}

/** Enough for the head of any element of a recording, with the first bytes of a JPEG. */
export const PEEK_BYTES = 32;
/** What every block of a recording has at these places: the track, and that each picture stands for itself. */
const [TRACK, FLAGS] = [0x81, 0x80];
const FIRST_BLOCK_BYTE = 0x10;
const CLUSTER_HEAD = 12;

/**
 * The element whose first bytes these are; undefined when no recording has such a one.
 * @param at - Where they stand in the file.
 */
export function elementIn(bytes: Buffer, at: number): Element | undefined {
  const head = readHead(bytes);
  if (!head) return undefined;
  const end = at + head.headBytes + head.size;
  if (head.id === ID.SimpleBlock) return blockIn(bytes, at, end);
  if (head.id === ID.Cluster) return clusterIn(bytes, at, head.size);
  if (head.id === VOID && end < Number.POSITIVE_INFINITY) return { kind: "void", at, end };
  if (head.id === ID.Cues) return { kind: "cues", at, end };
  return undefined;
}

function blockIn(bytes: Buffer, at: number, end: number): BlockElement | undefined {
  const isOurs =
    bytes.length >= BLOCK_HEAD_BYTES + 2 &&
    (bytes[1]! & 0xf0) === FIRST_BLOCK_BYTE &&
    bytes[5] === TRACK &&
    bytes[8] === FLAGS &&
    bytes.readUInt16BE(BLOCK_HEAD_BYTES) === 0xffd8;
  const offset = at + BLOCK_HEAD_BYTES;
  if (!isOurs || end <= offset) return undefined;
  return { kind: "block", at, end, offset, size: end - offset, after: bytes.readInt16BE(6) };
}

function clusterIn(bytes: Buffer, at: number, size: number): ClusterElement | undefined {
  const time = readHead(bytes, CLUSTER_HEAD);
  if (time?.id !== ID.Timestamp || time.size !== 8 || bytes[4] !== 1) return undefined;
  const from = CLUSTER_HEAD + time.headBytes;
  if (bytes.length < from + 8) return undefined;
  const tick = readNumber(bytes.subarray(from, from + 8));
  if (!Number.isSafeInteger(tick)) return undefined;
  return { kind: "cluster", at, end: at + from + 8, tick, size };
}

/** What makes `length` bytes a Void element, 2 or more: players pass over it. What it holds stays as it is. */
export function voidHead(length: number): Buffer {
  if (length <= 128) return Buffer.of(VOID, 0x80 | (length - 2));
  return Buffer.concat([Buffer.of(VOID), longSize(length - 9)]);
}

/** The head of a cluster that takes up 22 bytes or 23. */
export function clusterHeadOf(tick: number, length: number): Buffer {
  const head = clusterHead(tick);
  if (length === head.length) return head;
  const from = CLUSTER_HEAD + 1; // its time's size, which may take two bytes
  return Buffer.concat([head.subarray(0, from), Buffer.of(0x40, 8), head.subarray(from + 1)]);
}
