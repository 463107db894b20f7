import { type JsonObject, typesOf } from "../things/td.ts";

const TYPES = /(^|[:/#])(Danger|Dangerous|Destructive|Delete|Erase|Reset)\w*$/i;
const WORDS =
  /^(delete|remove|erase|clear|wipe|format|purge|discard|reset|restart|reboot|shut ?down|power off|factory)\b/;
const STOPS = /^(stop|abort|cancel|halt|emergency|e-?stop|pause)\b/;

/** What a button says of an action, before its first click. */
export type Hint = "plain" | "danger" | "stop";

/**
 * Whether an action is one that is clicked twice (`danger`), or one that has to be at hand (`stop`): by its `@type`, else by what it is
 * called. One that is `safe` changes nothing, and is plain.
 */
export function hintOf(name: string, action: JsonObject): Hint {
  if (action.safe === true) return "plain";
  if (typesOf(action).some((type) => TYPES.test(type))) return "danger";
  const called = [name, String(action.title ?? "")].map((text) =>
    text
      .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
      .replaceAll(/[_-]+/g, " ")
      .trim()
      .toLowerCase(),
  );
  if (called.some((text) => STOPS.test(text))) return "stop";
  return called.some((text) => WORDS.test(text)) ? "danger" : "plain";
}
