import { reloadOnce } from "./reload.ts";

const ANSWER_MS = 5000;

/**
 * Why a server gives no answer, in a sentence. A browser does not tell a page whether a server of another origin has gone or
 * refuses the page; but one script of a server is for every page, and is there if the server is.
 * A page of the server itself is loaded again when its login has ended: then it shows where to log in.
 * @param url - Of a Thing or a stream.
 */
export async function whyUnreachable(url: string): Promise<string> {
  const address = new URL(url, document.baseURI);
  const { origin } = address;
  if (origin === location.origin) return whyOwnServer(address);
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    await fetch(new URL("../elements.js", address), { mode: "no-cors", cache: "no-store", signal });
    return `${origin} does not let pages of ${location.origin} use it. Add "${location.origin}" to allowed_origins in its configuration, and start it again.`;
  } catch {
    return `${origin} does not answer pages of ${location.origin}. Is it running, and the address right? If it requires a login, pages of other origins cannot use it.`;
  }
}

async function whyOwnServer(address: URL): Promise<string> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const answer = await fetch(address, { method: "HEAD", cache: "no-store", signal }).catch(
    () => {},
  );
  if (answer?.status === 401 && !reloadOnce("login"))
    return "Your login has ended. Reload this page to log in.";
  return "The server does not answer. This page keeps trying.";
}
