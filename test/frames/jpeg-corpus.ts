import { colours, samplings } from "./corpus-colours.ts";
import {
  headers,
  huffman,
  restarts,
  strayBytes,
  strayBytesIn,
  strayInside,
} from "./corpus-headers.ts";
import { codings, progressives, scans } from "./corpus-scans.ts";
import { ends, orientations, segments } from "./corpus-segments.ts";
import { coded } from "./quarters.ts";

/** A picture as some camera, firmware or program may send it. */
export interface Sample {
  readonly name: string;
  readonly jpeg: Uint8Array;
}

/** More than a hundred JPEGs of four coloured quarters, whole and broken in the ways that are seen in the field. */
export async function jpegCorpus(): Promise<Sample[]> {
  const base = await coded();
  const progressive = await coded({ progressive: true });
  const groups: Record<string, Record<string, Uint8Array>> = {
    stray: { ...strayBytes(base), ...strayInside(base), ...strayBytesIn(progressive) },
    restart: restarts(),
    header: { ...headers(base), ...huffman(base), ...progressives(progressive) },
    scan: scans(base),
    colour: colours(base),
    sampling: samplings(),
    coding: await codings(base),
    end: ends(base),
    segment: segments(base),
    orientation: orientations(base),
  };
  return Object.entries(groups).flatMap(([group, samples]) =>
    Object.entries(samples).map(([name, jpeg]) => ({ name: `${group}: ${name}`, jpeg })),
  );
}
