import { packagePath } from "../../src/base/package-root.ts";
import type { Sample } from "../load.ts";
import { cpuSeconds, start } from "../programs.ts";
import type { Length, Row } from "../row.ts";
import { LOAD_CORE, SERVER_CORE, untilItPrints } from "../servers.ts";

const SECONDS: Record<Length, number> = { smoke: 1, short: 5, full: 10 };
const WARM_UP_SECONDS: Record<Length, number> = { smoke: 0.5, short: 2, full: 2 };

export const FILERS_ROWS: readonly Row[] = [
  {
    ...{ id: "F1", group: "filers", isInSmoke: true },
    title:
      "Filers: raw 1920x1080 RGB, 30 frames/s, one client; the limit writes ready pixels to the socket",
    kinds: ["limit", "ours"],
    steadyFigure: "cpu_per_gb",
    measure: (kind, length) => measureFilers([kind, "1920", "1080", "30"], length),
  },
];

async function measureFilers(options: readonly string[], length: Length): Promise<Sample> {
  const sender = start(SERVER_CORE, [process.execPath, script("sender"), ...options]);
  try {
    const port = await untilItPrints(sender, /^port (\d+)$/m);
    const times = [WARM_UP_SECONDS[length], SECONDS[length]].map(String);
    const reader = start(LOAD_CORE, [process.execPath, script("reader"), port, ...times]);
    try {
      await untilItPrints(reader, /^(warm)$/m);
      const before = cpuSeconds(sender.pid);
      const patienceMs = (SECONDS[length] + 15) * 1000;
      const sample: Sample = JSON.parse(await untilItPrints(reader, /^(\{.*\})$/m, patienceMs));
      const cpu = cpuSeconds(sender.pid) - before;
      return { ...sample, cpu, cpu_per_gb: (cpu * 1e9) / (sample.bytes || Number.NaN) };
    } finally {
      await reader.stop();
    }
  } finally {
    await sender.stop();
  }
}

function script(name: string): string {
  return packagePath("dist", "bench", "filers", `${name}.js`);
}
