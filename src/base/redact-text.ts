/** What stands in place of a secret. */
export const HIDDEN = "[hidden]";

/** The same text without passwords of URLs (`rtsp://user:pass@camera`), tokens of queries, bearer tokens, cookies and this package's own tokens. */
export function redactText(text: string): string {
  return withoutUrlPasswords(text)
    .replace(/([?&#](?:token|sig|signature|password|code|key)=)[^\s&#"']+/gi, `$1${HIDDEN}`)
    .replace(/\bts_[\w-]{32}/g, HIDDEN)
    .replace(/\b(thingscope-\d+=)[\w-]+/g, `$1${HIDDEN}`)
    .replace(/\b(Bearer|Basic) [\w+/=.~-]{6,}/gi, `$1 ${HIDDEN}`);
}

/** Behind `://`; what follows it in the same URL, up to the next slash, is looked at once. `user:password@` stands in our own advice. */
const USER_AND_PASSWORD = /([^\s/:@]*):(?!password@)[^\s/]+@/y;
/** The same where a slash stands in the password, and no port before it: people forget to write it as %2F. */
const WITH_SLASHES = /([^\s/:@[\]]*):(?!password@|\d{1,5}(?:[/?#\s'"]|$))[^\s'"]{1,200}@/y;

/** A pattern that began with the scheme would try each place of a long text as its beginning. */
function withoutUrlPasswords(text: string): string {
  let shown = "";
  let from = 0;
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
    if (at < from) continue; // within a password
    const found = foundAt(USER_AND_PASSWORD, text, at + 3) ?? foundAt(WITH_SLASHES, text, at + 3);
    if (!found) continue;
    shown += `${text.slice(from, at + 3)}${found[1]}:${HIDDEN}@`;
    from = at + 3 + found[0].length;
  }
  return shown + text.slice(from);
}

function foundAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
