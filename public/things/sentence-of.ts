import { isLate } from "./fetch-json.ts";

/** What went wrong, in a sentence: the server's own where it has answered. */
export function sentenceOf(error: unknown): string {
  if (isLate(error))
    return "The server has not answered in time: whether it was done is not known. Look, then try again.";
  if (error instanceof TypeError) return "The server does not answer. Is it still running?";
  return error instanceof Error ? error.message : String(error);
}
