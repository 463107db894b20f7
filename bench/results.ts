import { WEB_PEERS } from "./http/servers.ts";
import type { Sample } from "./load.ts";
import type { KindName } from "./row.ts";
import { PEERS } from "./servers.ts";

/** What one server did in one workload, once for each repetition; or the sentence of why it could not. */
export interface Cell {
  readonly workload: string;
  readonly kind: KindName;
  readonly samples: Sample[];
  failure?: string;
}

/** Spread of the limit's own figures beyond which a workload's figures are not to be quoted. */
export const MAX_SPREAD = 0.25;

/** All cells of one run of the bench. */
export class Results {
  readonly cells: Cell[] = [];

  cell(workload: string, kind: KindName): Cell {
    const found = this.cells.find((cell) => cell.workload === workload && cell.kind === kind);
    if (found) return found;
    const cell: Cell = { workload, kind, samples: [] };
    this.cells.push(cell);
    return cell;
  }

  /** Whether the run tried this workload. */
  includes(workload: string): boolean {
    return this.cells.some((cell) => cell.workload === workload);
  }

  /** The median of a figure over the repetitions; undefined when the cell did not run. */
  median(workload: string, kind: KindName, figure: string): number | undefined {
    const values = this.#values(workload, kind, figure);
    if (values.length === 0) return undefined;
    const middle = values.length >> 1;
    return values.length % 2 ? values[middle] : (values[middle - 1]! + values[middle]!) / 2;
  }

  /** Ours over another server's. */
  ratio(workload: string, figure: string, kind: KindName): number | undefined {
    const ours = this.median(workload, "ours", figure);
    const other = this.median(workload, kind, figure);
    return ours === undefined || !other ? undefined : ours / other;
  }

  /** Ours over the best peer's, where the best is the smallest. */
  ratioToBestPeer(workload: string, figure: string): number | undefined {
    const ratios = [...PEERS, ...WEB_PEERS].map((kind) => this.ratio(workload, figure, kind));
    const known = ratios.filter((ratio) => ratio !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }

  /** Ours over the best peer's, where the best is the largest. */
  ratioToFastestPeer(workload: string, figure: string): number | undefined {
    const ratios = WEB_PEERS.map((kind) => this.ratio(workload, figure, kind));
    const known = ratios.filter((ratio) => ratio !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** (Largest − smallest) / median of the limit's figure; undefined for fewer than two repetitions. */
  spreadOfLimit(workload: string, figure: string): number | undefined {
    const values = this.#values(workload, "limit", figure);
    const median = this.median(workload, "limit", figure);
    if (values.length < 2 || !median) return undefined;
    return (values.at(-1)! - values[0]!) / median;
  }

  #values(workload: string, kind: KindName, figure: string): number[] {
    const cell = this.cells.find((one) => one.workload === workload && one.kind === kind);
    const values = (cell?.samples ?? []).flatMap((sample) => sample[figure] ?? []);
    return values.sort((a, b) => a - b);
  }
}
