import type { JetStreamManager, StreamInfo } from "@nats-io/jetstream";

/** Replicas of a stream in a cluster: one server of three may be lost. */
export const REPLICAS = 3;

/** Gives a stream its replicas that was made while too few servers of the cluster ran. Where too few run still, it stays as it is. */
export async function replicate(
  manager: JetStreamManager,
  { config }: Pick<StreamInfo, "config">,
): Promise<void> {
  if (config.num_replicas >= REPLICAS) return;
  const wanted = { num_replicas: REPLICAS };
  await manager.streams.update(config.name, wanted).catch(() => {}); // the next connection tries it again
}
