import { pageFile } from "../base/page-files.ts";

/** What the page consists of, beside itself, and how each is served: `{stream}/viewer/{name}`. */
export const VIEWER_ASSETS: ReadonlyMap<string, string> = new Map([
  ["viewer.css", "text/css; charset=utf-8"],
  ["viewer.js", "text/javascript; charset=utf-8"],
  ["mjpeg-reader.js", "text/javascript; charset=utf-8"],
  ["quantities.js", "text/javascript; charset=utf-8"],
  ["stream-source.js", "text/javascript; charset=utf-8"],
  ["viewer-icon.svg", "image/svg+xml"],
]);

/** The page that shows the stream at `url`; `.` from `{stream}/viewer` itself. */
export function viewerPage(url: string): string {
  const stream = escapeAttribute(url.replace(/(?<!\/)\/+$/, ""));
  return viewerFile("viewer.html").replaceAll("{stream}", () => stream);
}

/** A file of the page. */
export function viewerFile(name: string): string {
  return pageFile(name).toString();
}

function escapeAttribute(text: string): string {
  return text.replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
