import type { Sample } from "./load.ts";
import type { KindName } from "./results.ts";
import { THORVISION_WORKLOADS } from "./thorvision/workloads.ts";
import type { Length } from "./workloads.ts";

/** One row of the bench of foreign wires: our adapter beside what sends the same without us. */
export interface WireWorkload {
  readonly id: string;
  /** What `--only` takes for all rows of a wire. */
  readonly group: string;
  readonly title: string;
  readonly kinds: readonly KindName[];
  /** The figure of the limit whose spread tells how quiet the machine was. */
  readonly steadyFigure: string;
  measure(kind: KindName, length: Length): Promise<Sample>;
}

/** Every row of every wire. */
export const WIRE_WORKLOADS: readonly WireWorkload[] = [...THORVISION_WORKLOADS];
