import { pageFile } from "../../../base/page-files.ts";

/** What the page consists of, beside itself. */
export const LOGIN_ASSETS: ReadonlyMap<string, string> = new Map([
  ["page.css", "text/css; charset=utf-8"],
  ["login.css", "text/css; charset=utf-8"],
  ["login.js", "text/javascript; charset=utf-8"],
  ["viewer-icon.svg", "image/svg+xml"],
]);

/** The page where a person logs in. It stands at any address that needs it. */
export function loginPage(prefix: string): string {
  return loginFile("login.html").replaceAll("{prefix}", () => prefix);
}

/** A file of the page. */
export function loginFile(name: string): string {
  return pageFile(name).toString();
}
