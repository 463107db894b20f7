import { APP2, APP14 } from "./jpeg-edits.ts";
import { plainJpeg } from "./jpeg-encoder.ts";
import { segment, withFirstSegment } from "./jpegs.ts";
import { colourPlanes, greyPlane, HEIGHT, NOISE, quarterAt, WIDTH } from "./quarters.ts";

export function colours(base: Uint8Array): Record<string, Uint8Array> {
  const adobe = (transform: number, length = 12) =>
    segment(APP14, [...Buffer.from("Adobe"), 0, 100, 0, 0, 0, 0, transform].slice(0, length));
  const rgb = (ids: number[] | undefined, before?: Uint8Array) =>
    plainJpeg(
      WIDTH,
      HEIGHT,
      [0, 1, 2].map((n) => ({
        ...(ids && { id: ids[n]! }),
        valueAt: (x, y) => quarterAt(x, y)[n]!,
      })),
      before ? { before } : {},
    );
  const ink = (before?: Uint8Array, invert = false) =>
    plainJpeg(
      WIDTH,
      HEIGHT,
      [0, 1, 2, 3].map((n) => ({
        valueAt: (x, y) => {
          const value = n === 3 ? 0 : 255 - quarterAt(x, y)[n]!;
          return invert ? 255 - value : value;
        },
      })),
      before ? { before } : {},
    );
  const ycck = (before: Uint8Array) =>
    plainJpeg(WIDTH, HEIGHT, [...colourPlanes(1, 1), { valueAt: () => 255 }], { before });
  return {
    grey: plainJpeg(WIDTH, HEIGHT, [greyPlane(1, 1)]),
    "grey sampled 2 x 2": plainJpeg(WIDTH, HEIGHT, [greyPlane(2, 2)]),
    "grey sampled 4 x 4": plainJpeg(WIDTH, HEIGHT, [greyPlane(4, 4)]),
    "grey, Adobe 1": plainJpeg(WIDTH, HEIGHT, [greyPlane(1, 1)], { before: adobe(1) }),
    "RGB, Adobe 0": rgb(undefined, adobe(0)),
    "RGB by its ids": rgb([82, 71, 66]),
    "YCbCr, Adobe 1": withFirstSegment(base, adobe(1)),
    "YCbCr, Adobe 2": withFirstSegment(base, adobe(2)),
    "YCbCr, Adobe 9": withFirstSegment(base, adobe(9)),
    "YCbCr, a short Adobe segment": withFirstSegment(base, adobe(1, 7)),
    "CMYK without Adobe": ink(),
    "CMYK, Adobe 0, inverted": ink(adobe(0), true),
    "CMYK, Adobe 9": ink(adobe(9), true),
    "YCCK, Adobe 2": ycck(adobe(2)),
    "ICC of noise": withFirstSegment(
      base,
      segment(APP2, [...Buffer.from("ICC_PROFILE\0"), 1, 1, ...NOISE]),
    ),
    "ICC, part 2 of 3 alone": withFirstSegment(
      base,
      segment(APP2, [...Buffer.from("ICC_PROFILE\0"), 2, 3, ...NOISE]),
    ),
    "ICC, empty": withFirstSegment(base, segment(APP2, [...Buffer.from("ICC_PROFILE\0"), 1, 1])),
  };
}

export function samplings(): Record<string, Uint8Array> {
  const factors: readonly (readonly [string, number, number, number, number])[] = [
    ["4:4:4", 1, 1, 1, 1],
    ["4:2:2", 2, 1, 1, 1],
    ["4:2:0", 2, 2, 1, 1],
    ["4:4:0", 1, 2, 1, 1],
    ["4:1:1", 4, 1, 1, 1],
    ["4:1:0", 4, 2, 1, 1],
    ["1 x 4", 1, 4, 1, 1],
    ["2 x 4", 2, 4, 1, 1],
    ["3 x 1", 3, 1, 1, 1],
    ["3 x 2", 3, 2, 1, 1],
    ["4:4:4 as 2 x 2", 2, 2, 2, 2],
    ["4:4:4 as 2 x 1", 2, 1, 2, 1],
    ["4:2:2 as 2 x 2", 2, 2, 1, 2],
    ["4:4:0 as 2 x 2", 2, 2, 2, 1],
    ["colour finer than brightness", 1, 1, 2, 2],
    ["colour finer across", 1, 1, 2, 1],
    ["brightness 2 x 1, colour 1 x 2", 2, 1, 1, 2],
    ["4:2:0 as 4 x 2", 4, 2, 2, 1],
    ["3 x 2 over 2 x 1", 3, 2, 2, 1],
    ["4 x 4", 4, 4, 1, 1],
  ];
  const samples = factors.map(([name, across, down, colourAcross, colourDown]) => {
    const planes = colourPlanes(across, down, colourAcross, colourDown);
    return [name, plainJpeg(WIDTH, HEIGHT, planes)];
  });
  const [y, u, v] = colourPlanes(2, 2);
  return {
    ...Object.fromEntries(samples),
    "each component its own": plainJpeg(WIDTH, HEIGHT, [
      y!,
      { ...u!, across: 2, down: 1 },
      { ...v!, across: 1, down: 2 },
    ]),
    "4:2:0 of 121 x 59": plainJpeg(121, 59, colourPlanes(2, 2)),
    "4:1:1 of 121 x 59": plainJpeg(121, 59, colourPlanes(4, 1)),
    "4:4:0 of 121 x 59": plainJpeg(121, 59, colourPlanes(1, 2)),
    "4:2:0 of 1 x 1": plainJpeg(1, 1, colourPlanes(2, 2)),
    "4:4:4 of 1 x 500": plainJpeg(1, 500, colourPlanes(1, 1)),
  };
}
