import { packagePath } from "../../src/base/package-root.ts";
import { runToEnd } from "../programs.ts";
import type { Length, Row } from "../row.ts";
import { SERVER_CORE } from "../servers.ts";

const FRAMES: Record<Length, number> = { smoke: 2000, short: 20_000, full: 50_000 };
const PATIENCE_MS = 120_000;

export const PYTHIAGS_ROWS: readonly Row[] = [
  {
    ...{ id: "D1", group: "pythiags", isInSmoke: true },
    title: "a probe finds something in each frame of 20 kB; the limit is the stream without it",
    kinds: ["limit", "ours"],
    steadyFigure: "cpu_us_per_request",
    async measure(kind, length) {
      const script = packagePath("dist", "bench", "pythiags", "probe-cost.js");
      const command = [process.execPath, script, kind, String(FRAMES[length])];
      return JSON.parse(await runToEnd(SERVER_CORE, command, PATIENCE_MS));
    },
  },
];
