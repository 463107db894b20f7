import type { Row } from "../row.ts";
import { firstPicture } from "./first-picture.ts";
import { glassToGlass } from "./glass.ts";
import { wall } from "./wall.ts";

export const PAGE_ROWS: readonly Row[] = [
  {
    ...{ id: "G1", group: "pages", kinds: ["ours", "ustreamer"], steadyFigure: "glass_p50_ms" },
    title: "640x480 at 30 fps, from the frame to the screen: <camera-view> beside an <img>",
    measure: glassToGlass,
  },
  {
    ...{ id: "G2", group: "pages", kinds: ["ours"], steadyFigure: "page_busy" },
    title: "four tiles of 1280x720 at 30 fps: the page's main thread",
    measure: (_, length) => wall({ count: 4, width: 1280, height: 720 }, length),
  },
  {
    ...{ id: "G3", group: "pages", kinds: ["ours"], steadyFigure: "api_ms" },
    title: "sixteen live tiles of 640x480 at 30 fps, and API calls of the page",
    measure: (_, length) => wall({ count: 16, width: 640, height: 480 }, length),
  },
  {
    ...{ id: "G4", group: "pages", kinds: ["ours"], steadyFigure: "picture_ms" },
    title: "the dashboard in a browser that has none of it, until the first picture",
    measure: (_, length) => firstPicture(length),
  },
];
