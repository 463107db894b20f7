import { pageFile } from "../base/page-files.ts";

/** What a page around the viewer needs, and how each is served: `{stream}/viewer/{name}`. */
export const VIEWER_ASSETS: ReadonlyMap<string, string> = new Map([
  ["viewer.css", "text/css; charset=utf-8"],
  ["viewer-icon.svg", "image/svg+xml"],
]);

/**
 * A page that shows the stream at `url`. It shows the server's viewer in a frame, so that it may stand at any path of the server, and
 * needs no headers of its own.
 */
export function viewerPage(url: string): string {
  const stream = escapeAttribute(url.replace(/(?<!\/)\/+$/, ""));
  return viewerFile("viewer-frame.html").replaceAll("{stream}", () => stream);
}

/** A file of the page. */
export function viewerFile(name: string): string {
  return pageFile(name).toString();
}

function escapeAttribute(text: string): string {
  return text.replace(/[&"<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
