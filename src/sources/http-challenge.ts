/** One way in which a server wants a login, as `WWW-Authenticate` names it. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case, values without quotes. */
  readonly parameters: ReadonlyMap<string, string>;
}

const MOST_CHARACTERS = 8192;
const TOKEN = /[ \t,]*([\w!#$%&'*+.^`|~-]+)/y;
const VALUE = /[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^ \t,"]*))/y;

/** The challenges of a `WWW-Authenticate`, several with commas between them. What is none is passed over. */
export function readChallenges(text: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  const source = text.slice(0, MOST_CHARACTERS);
  for (let at = 0; at < source.length; ) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(source);
    if (!token) {
      at += 1;
      continue;
    }
    at = TOKEN.lastIndex;
    const name = token[1]!.toLowerCase();
    VALUE.lastIndex = at;
    const value = VALUE.exec(source);
    const known = challenges.at(-1);
    if (!value) {
      challenges.push({ scheme: name, parameters: new Map() });
      continue;
    }
    at = VALUE.lastIndex;
    known?.parameters.set(name, value[1]?.replace(/\\(.)/g, "$1") ?? value[2] ?? "");
  }
  return challenges;
}
