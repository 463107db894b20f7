interface Plane {
  readonly x: number;
  readonly y: number;
}

/** Where the tiles of a scan lie, as the server tells it. */
export interface ScanGrid {
  readonly columns: number;
  readonly rows: number;
  readonly overlap: number;
  readonly origin: Plane;
  readonly right: Plane;
  readonly down: Plane;
  readonly tile_width?: number;
  readonly tile_height?: number;
}

/** A grid, if that is one that can be drawn. */
export function gridIn(value: unknown): ScanGrid | undefined {
  const { columns, rows, overlap, origin, right, down } = Object(value);
  const isGrid =
    [columns, rows].every((n) => Number.isInteger(n) && n > 0) &&
    columns * rows <= 10_000 &&
    typeof overlap === "number" &&
    [origin, right, down].every((it) => Number.isFinite(Object(it).x) && Number.isFinite(it.y));
  return isGrid ? (value as ScanGrid) : undefined;
}

/** How far a grid reaches, in widths of a tile; and how high a tile is. */
export function spanOf({ columns, rows, overlap, tile_width, tile_height }: ScanGrid) {
  const tileHeight = tile_width && tile_height ? tile_height / tile_width : 0.75;
  const share = 1 - overlap;
  return {
    width: 1 + (columns - 1) * share,
    height: tileHeight * (1 + (rows - 1) * share),
    tileHeight,
  };
}

/** Where on the map a place of the stage is, 0 to 1 from its left upper corner. */
export function fractionOf(
  grid: ScanGrid,
  { x = Number.NaN, y = Number.NaN }: Partial<Plane>,
): Plane | undefined {
  const { origin, right, down, overlap } = grid;
  const area = right.x * down.y - right.y * down.x;
  if (area === 0) return undefined;
  const way = { x: x - origin.x, y: y - origin.y };
  const column = (way.x * down.y - way.y * down.x) / area;
  const row = (right.x * way.y - right.y * way.x) / area;
  const { width, height, tileHeight } = spanOf(grid);
  const share = 1 - overlap;
  const place = {
    x: (0.5 + column * share) / width,
    y: (tileHeight * (0.5 + row * share)) / height,
  };
  return Number.isFinite(place.x) && Number.isFinite(place.y) ? place : undefined;
}
