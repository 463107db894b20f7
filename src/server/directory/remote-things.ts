import type { DirectoryEventType } from "./directory-events.ts";

/** A description with what the directory knows of it. */
export type EnrichedDescription = Record<string, unknown>;

/** Things of other servers that a directory lists beside its own. */
export interface RemoteThings {
  /** Their descriptions by id, with absolute addresses. */
  readonly descriptions: ReadonlyMap<string, EnrichedDescription>;
  /** @returns How to stop listening. */
  onChange(listener: (what: DirectoryEventType, id: string) => void): () => void;
}

export const NO_REMOTE_THINGS: RemoteThings = {
  descriptions: new Map(),
  onChange: () => () => {},
};
