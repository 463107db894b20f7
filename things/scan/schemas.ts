import { type Static, Type } from "typebox";

/** Places of one scan. */
export const MOST_TILES = 2500;
export const FOCUS = ["none", "first", "each"] as const;
export const STATES = ["scanning", "done", "cancelled", "failed", "interrupted"] as const;

const Count = Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_TILES, unit: "tiles" }));
const Length = Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e6, unit: "um" }));
const Step = Type.Optional(
  Type.Integer({
    ...{ minimum: -1e7, maximum: 1e7, unit: "steps" },
    description: "From one tile to the next; when absent, from the calibration and the overlap",
  }),
);

/** What is to be scanned. */
export const Wanted = Type.Object({
  columns: Type.Optional({ ...Count, default: 3 }),
  rows: Type.Optional({ ...Count, default: 3 }),
  width: Type.Optional({ ...Length, description: "Of an area, in the place of columns" }),
  height: Type.Optional({ ...Length, description: "Of an area, in the place of rows" }),
  overlap: Type.Optional(
    Type.Number({
      ...{ minimum: 0, maximum: 0.9, multipleOf: 0.01, default: 0.2 },
      description: "Share of a tile that the next one shows too",
    }),
  ),
  focus: Type.Optional(
    Type.Enum([...FOCUS], { description: "Where autofocus runs: each when there is one" }),
  ),
  focus_range: Type.Optional(
    Type.Integer({ minimum: 10, maximum: 1e6, default: 1000, unit: "steps" }),
  ),
  settle: Type.Optional(
    Type.Number({
      ...{ minimum: 0, maximum: 60, unit: "s" },
      description: "Wait after each move; the camera's settling_time when absent",
    }),
  ),
  step_x: Step,
  step_y: Step,
});
export type Wanted = Static<typeof Wanted>;

const Steps = Type.Number({ unit: "steps" });
const Plane = Type.Object({ x: Steps, y: Steps });
const Index = Type.Integer({ minimum: 0 });

/** One picture of a scan. */
export const Tile = Type.Object({
  name: Type.String(),
  column: Index,
  row: Index,
  x: Steps,
  y: Steps,
  z: Steps,
  captured: Type.String({ format: "date-time" }),
  size: Type.Integer({ unit: "B" }),
  focus_problem: Type.Optional(Type.String({ description: "Why it was not focused" })),
});
export type Tile = Static<typeof Tile>;

/** Where a tile can be fetched. */
const Href = Type.String({ format: "uri-reference" });
export const TileFile = Type.Object({
  ...Tile.properties,
  scan: Type.String({ description: "Name of the scan" }),
  href: Href,
  preview: Type.String({ format: "uri-reference", description: "The same, 160 pixels wide" }),
});
export type TileFile = Static<typeof TileFile>;

const GRID = {
  columns: Type.Integer({ minimum: 1 }),
  rows: Type.Integer({ minimum: 1 }),
  overlap: Type.Number(),
  origin: Type.Object({ x: Steps, y: Steps, z: Steps }, { description: "Of the first tile" }),
  right: Type.Object(Plane.properties, { description: "From a tile to the next in its row" }),
  down: Type.Object(Plane.properties, { description: "From a tile to the next in its column" }),
};
export const Grid = Type.Object(GRID);
export type Grid = Static<typeof Grid>;

const WORDS = {
  name: Type.String(),
  camera: Type.String({ description: "Name of the Thing" }),
  stage: Type.String({ description: "Name of the Thing" }),
  state: Type.Enum([...STATES]),
  why: Type.Optional(Type.String({ description: "Why it is not done" })),
  started: Type.String({ format: "date-time" }),
  ...GRID,
  tile_width: Type.Integer({ unit: "px", minimum: 0 }),
  tile_height: Type.Integer({ unit: "px", minimum: 0 }),
};

/** The file beside the tiles. */
export const Manifest = Type.Object({
  scan: Type.Literal(1),
  pixel_size_um: Type.Union([Type.Number({ unit: "um" }), Type.Null()]),
  ...WORDS,
  tiles: Type.Array(Tile),
});
export type Manifest = Static<typeof Manifest>;

/** A scan without its tiles. */
export const Summary = Type.Object({
  ...WORDS,
  id: Type.String(),
  href: Href,
  taken: Type.Integer({ minimum: 0, unit: "tiles" }),
  size: Type.Integer({ minimum: 0, unit: "B", description: "Of all its tiles" }),
});
export type Summary = Static<typeof Summary>;
