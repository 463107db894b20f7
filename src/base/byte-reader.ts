/** Takes a stream of bytes as it comes, in pieces of any length. */
export interface ByteReader {
  /** Whether it has all that it wants, and takes nothing more. */
  readonly ended?: boolean;
  /** Takes bytes that were received elsewhere. It keeps no view of them. */
  read(bytes: Uint8Array): void;
  /** Where the bytes that come next belong, if that is known: they may be received there, without a copy. */
  place(): Uint8Array | undefined;
  /** So many bytes were received at the beginning of `place()`. */
  received(count: number): void;
}

/** Gives memory for a body of so many bytes, and just as long; undefined where it may be put anywhere. */
export type MemoryFor = (bytes: number) => Uint8Array | undefined;
