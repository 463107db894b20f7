import { packagePath } from "../../src/base/package-root.ts";
import type { Sample } from "../load.ts";
import { startNats } from "../nats-server.ts";
import { cpuSeconds, runToEnd, start } from "../programs.ts";
import type { KindName, Length, Row } from "../row.ts";
import { LOAD_CORE, SERVER_CORE, untilItPrints } from "../servers.ts";

const SECONDS: Record<Length, number> = { smoke: 0.5, short: 3, full: 5 };

export const FLEET_ROWS: readonly Row[] = [
  {
    ...{ id: "Q2", group: "fleet", isInSmoke: true },
    title: "round trip of a command by NATS, by HTTP, and of a bare request of nats.js",
    kinds: ["ours", "http", "nats"],
    steadyFigure: "p50_us",
    measure: measureCommand,
  },
];

/** One client, which waits for each answer; the member has a core, the client and nats-server have the other. */
async function measureCommand(kind: KindName, length: Length): Promise<Sample> {
  const nats = await startNats();
  const member = start(SERVER_CORE, [process.execPath, script("member.js"), nats.url]);
  try {
    const url = await untilItPrints(member, /^(http:\S+)$/m);
    const before = cpuSeconds(member.pid);
    const options = [kind, nats.url, url, String(SECONDS[length])];
    const command = [process.execPath, script("command.js"), ...options];
    const sample: Sample = JSON.parse(await runToEnd(LOAD_CORE, command));
    const { per_second = 0 } = sample;
    const commands = per_second * SECONDS[length];
    return { ...sample, cpu_us_per_request: ((cpuSeconds(member.pid) - before) * 1e6) / commands };
  } finally {
    await member.stop();
    await nats.stop();
  }
}

function script(name: string): string {
  return packagePath("dist", "bench", "fleet", name);
}
