import { pageFile, pageModule } from "../../../base/page-files.ts";

/** The files of the page. */
export const LOGIN_ASSETS: ReadonlyMap<string, string> = new Map([
  ["page.css", "text/css; charset=utf-8"],
  ["login.css", "text/css; charset=utf-8"],
  ["login.js", "text/javascript; charset=utf-8"],
  ["viewer-icon.svg", "image/svg+xml"],
]);

/** The login page. It is served at any address that needs a login. */
export function loginPage(prefix: string): string {
  return loginFile("login.html").replaceAll("{prefix}", () => prefix);
}

/** A file of the page. */
export function loginFile(name: string): string {
  const file = name.endsWith(".js") ? pageModule(`public/${name}`) : pageFile(name);
  return file.toString();
}
