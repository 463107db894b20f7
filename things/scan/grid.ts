import { ThingError } from "thingscope";
import { type Grid, MOST_TILES, type Wanted } from "./schemas.ts";

interface Plane {
  readonly x: number;
  readonly y: number;
}

/** What a grid is made from beside what is wanted. */
export interface View {
  /** Where the stage is: the middle of the grid, steps. */
  readonly position: Plane & { readonly z: number };
  /** From one edge of the picture to the other, steps; undefined without a calibration. */
  readonly across: { readonly right: Plane; readonly down: Plane } | undefined;
  /** um */
  readonly stepSize: Plane;
}

/** Places of a grid around where the stage is. @throws {ThingError} `BAD_ARGUMENT`; `NOT_CALIBRATED` when no step is known. */
export function gridOf(wanted: Wanted, { position, across, stepSize }: View): Grid {
  const { overlap = 0.2, step_x, step_y } = wanted;
  if (!across && (step_x === undefined || step_y === undefined)) throw noStep();
  const share = 1 - overlap;
  const right = step_x === undefined ? scaled(across!.right, share) : { x: step_x, y: 0 };
  const down = step_y === undefined ? scaled(across!.down, share) : { x: 0, y: step_y };
  const um = ({ x, y }: Plane) => Math.hypot(x * stepSize.x, y * stepSize.y);
  const columns = countOf(wanted.width, um(right), overlap) ?? wanted.columns ?? 3;
  const rows = countOf(wanted.height, um(down), overlap) ?? wanted.rows ?? 3;
  if (columns * rows > MOST_TILES) throw tooMany(columns, rows);
  const half = { x: (columns - 1) / 2, y: (rows - 1) / 2 };
  const origin = {
    x: Math.round(position.x - right.x * half.x - down.x * half.y),
    y: Math.round(position.y - right.y * half.x - down.y * half.y),
    z: position.z,
  };
  return { columns, rows, overlap, origin, right, down };
}

/** All places in the order of the scan: each row begins where the one before ended. */
export function* placesOf({ columns, rows, origin, right, down }: Grid) {
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < columns; n++) {
      const column = row % 2 === 0 ? n : columns - 1 - n;
      const x = Math.round(origin.x + column * right.x + row * down.x);
      const y = Math.round(origin.y + column * right.y + row * down.y);
      yield { row, column, x, y };
    }
  }
}

/** How many tiles cover a length: each beyond the first adds a step. */
function countOf(length: number | undefined, step: number, overlap: number): number | undefined {
  if (length === undefined) return undefined;
  const tile = step / (1 - overlap);
  return step > 0 ? 1 + Math.max(0, Math.ceil((length - tile) / step - 1e-6)) : 1;
}

function scaled({ x, y }: Plane, share: number): Plane {
  return { x: Math.round(x * share), y: Math.round(y * share) };
}

function noStep(): ThingError {
  return new ThingError(
    "NOT_CALIBRATED",
    "Nothing was scanned: camera and stage are not calibrated, so the way from tile to tile is not known. Run calibrate_xy first, or give step_x and step_y.",
  );
}

function tooMany(columns: number, rows: number): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    `Nothing was scanned: ${columns} x ${rows} tiles are more than ${MOST_TILES}. Scan a smaller area, or with less overlap.`,
  );
}
