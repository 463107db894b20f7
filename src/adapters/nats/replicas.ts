import type { JetStreamManager, StreamInfo } from "@nats-io/jetstream";
import { now } from "../../base/clock.ts";

/** Replicas of a stream in a cluster: one server of three may be lost. */
export const REPLICAS = 3;
/** A stream that has fewer is given them so often, ms: servers of NATS may join while members stay connected. */
export const REPLICATED_MS = 10_000;

/** Gives a stream its replicas that was made while too few servers of the cluster ran. Where too few run still, it stays as it is. */
export class Replicas {
  readonly #manager: JetStreamManager;
  #triedAt = Number.NEGATIVE_INFINITY;

  constructor(manager: JetStreamManager) {
    this.#manager = manager;
  }

  /** @param stream - As JetStream has just described it. */
  async look({ config, cluster }: Pick<StreamInfo, "config" | "cluster">): Promise<void> {
    const isCluster = cluster?.name !== undefined;
    const isDue = now() - this.#triedAt > REPLICATED_MS / 2;
    if (!isCluster || !isDue || config.num_replicas >= REPLICAS) return;
    this.#triedAt = now();
    const wanted = { num_replicas: REPLICAS };
    await this.#manager.streams.update(config.name, wanted).catch(() => {}); // a later look tries it again
  }
}
