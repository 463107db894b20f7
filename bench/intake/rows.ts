import { frameFile } from "../frames.ts";
import { measure, type Sample } from "../load.ts";
import { whatIsMissing } from "../programs.ts";
import type { KindName, Length, Row } from "../row.ts";
import {
  type Intake,
  type Taking,
  takeWithGo2rtc,
  takeWithGstreamer,
  takeWithOurs,
} from "./servers.ts";
import { measureSplitting } from "./splitting.ts";

const FRAME_BYTES = 100_000;
const FPS = 30;
const SECONDS: Record<Length, number> = { smoke: 0.5, short: 3, full: 10 };
const CAMERAS = 4;

/** go2rtc is measured where it is found, and missed nowhere. */
export const GO2RTC: readonly KindName[] = whatIsMissing("go2rtc") ? [] : ["go2rtc"];
const FRAMING = {
  gdp: "in GStreamer's gdppay",
  jpeg: "as bare JPEGs",
  multipart: "in multipart",
} as const;

const COMMON = { group: "intake", steadyFigure: "cpu_per_gb" } as const;

export const INTAKE_ROWS: readonly Row[] = [
  ...[1, 10].map(
    (viewers): Row => ({
      ...COMMON,
      id: `I1-${viewers}`,
      title: `MJPEG by HTTP, 30 fps of 100 kB, shown to ${viewers === 1 ? "1 viewer" : `${viewers} viewers`}`,
      isInSmoke: viewers === 1,
      kinds: ["ours", "ours-cold", "gstreamer", ...GO2RTC],
      measure: (kind, length) => measureIntake({ by: "http", cameras: 1 }, viewers, kind, length),
    }),
  ),
  ...(["gdp", "jpeg", "multipart"] as const).map(
    (by): Row => ({
      ...COMMON,
      id: `I2-${by}`,
      title: `a program's pictures ${FRAMING[by]}, 30 fps of 100 kB, 1 viewer`,
      kinds: ["ours", "ours-cold", "gstreamer"],
      measure: (kind, length) => measureIntake({ by, cameras: 1 }, 1, kind, length),
    }),
  ),
  {
    ...COMMON,
    ...{ id: "I3", title: `${CAMERAS} cameras by HTTP at once, 1 viewer each` },
    kinds: ["ours", "ours-cold", ...GO2RTC],
    measure: (kind, length) => measureIntake({ by: "http", cameras: CAMERAS }, 1, kind, length),
  },
  {
    ...{ group: "intake", id: "I4", steadyFigure: "jpeg_gb_per_cpu_s", isInSmoke: true },
    title: "whole frames of 100 kB through the splitters",
    kinds: ["ours"],
    measure: (_, length) => measureSplitting(SECONDS[length] / 10),
  },
];

async function measureIntake(
  what: Pick<Intake, "by" | "cameras">,
  viewers: number,
  kind: KindName,
  length: Length,
): Promise<Sample> {
  const taking = await take(kind, { ...what, frame: await frameFile(FRAME_BYTES), fps: FPS });
  const load = { viewers, warmUpSeconds: 0.5, seconds: SECONDS[length] };
  try {
    const all = await Promise.all(taking.urls.map((url) => measure({ ...taking, url }, load)));
    return together(all);
  } finally {
    await taking.stop();
  }
}

function take(kind: KindName, intake: Intake): Promise<Taking> {
  if (kind === "gstreamer") return takeWithGstreamer(intake);
  if (kind === "go2rtc") return takeWithGo2rtc(intake);
  return takeWithOurs(intake, kind === "ours");
}

/** What loads that ran side by side on one server say of it. Each was told the CPU of all. */
function together(samples: readonly Sample[]): Sample {
  const of = (name: string) => samples.map((sample) => sample[name] ?? 0);
  const sum = (name: string) => of(name).reduce((total, value) => total + value, 0);
  return {
    ...samples[0],
    mbps: sum("mbps"),
    skipped: sum("skipped"),
    fps_min: Math.min(...of("fps_min")),
    p50_us: sum("p50_us") / samples.length,
    p99_us: Math.max(...of("p99_us")),
    cpu_per_gb: 1 / of("cpu_per_gb").reduce((total, value) => total + 1 / value, 0),
  };
}
