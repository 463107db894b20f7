import type { MemoryFor } from "../../base/byte-reader.ts";

/** One part of a multipart stream. */
export interface Part {
  /** Header names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** How parts are read. */
export interface MultipartOptions {
  /** With or without quotes and leading `--`; another one that the stream has is taken all the same. */
  readonly boundary?: string | undefined;
  /** Bytes that one body may have; 64 MiB by default. */
  readonly maxPartBytes?: number;
  /** Where bodies are put; memory of their own by default. */
  readonly memoryFor?: MemoryFor;
  /** Told each part as soon as it is whole, which `push` then does not return. */
  readonly onPart?: (part: Part) => void;
  /** Told of each part of another media type that is no picture. */
  readonly onOther?: () => void;
}
