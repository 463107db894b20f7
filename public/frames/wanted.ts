/** Widths that are asked for: few, so that those who look share what the server makes smaller. */
const WIDTHS = [160, 240, 320, 480, 640, 960, 1280, 1920, 2560, 3840] as const;
/**
 * It is worth an encode a frame when the picture is so many times as wide: below that a browser decodes the whole picture in less
 * time than the server takes to make it smaller (docs/decisions/0205).
 */
const WORTH = 3;

/**
 * The width to ask for: the smallest of those that servers make which is no smaller than what is shown; undefined for the picture
 * as it is.
 * @param shown - How wide the picture is on the screen, its pixels.
 * @param full - How wide the camera's picture is; undefined until a frame has come.
 */
export function wantedWidth(shown: number, full: number | undefined): number | undefined {
  const width = WIDTHS.find((each) => each >= shown - 1);
  if (width === undefined || (full !== undefined && width * WORTH > full)) return undefined;
  return width;
}
