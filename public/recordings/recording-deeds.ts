import type { LiveThing } from "../things/live-thing.ts";
import { affordancesOf } from "../things/td.ts";
import type { Recording } from "./recording.ts";

/** What a recount of a recording found. */
export interface Verdict {
  readonly ok: boolean;
  readonly sentence: string;
  readonly frames: number;
  readonly expected: number;
}

export function canVerify({ recorder, kind }: Recording): boolean {
  return kind !== "still" && has(recorder, "verify");
}

export function canExport({ recorder, kind, isGrowing }: Recording): boolean {
  return kind === "mkv" && !isGrowing && has(recorder, "export");
}

/** @throws {Error} with the server's sentence. */
export async function verify({ recorder, id }: Recording): Promise<Verdict> {
  const { ok, sentence, frames, expected } = Object(
    await recorder.client?.invoke("verify", { id }),
  );
  return { ok: ok === true, sentence: String(sentence), frames, expected };
}

/**
 * Makes an MP4 or a WebM of a recording.
 * @param onProgress - Told how much is made, 0 to 1.
 * @returns its name and URL. @throws {Error} with the server's sentence.
 */
export async function exportAs(
  { recorder, id }: Recording,
  format: string,
  onProgress: (fraction: number) => void,
): Promise<{ name: string; href: string }> {
  const made = Object(await recorder.client?.invoke("export", { id, format }, { onProgress }));
  return { name: String(made.name), href: new URL(String(made.href), recorder.url).href };
}

/** Deletes a recording with all that belongs to it. @throws {Error} with the server's sentence. */
export async function remove({ href, name }: Recording): Promise<void> {
  const answer = await fetch(href, { method: "DELETE", signal: AbortSignal.timeout(30_000) });
  if (answer.ok || answer.status === 404) return;
  const { detail } = Object(await answer.json().catch(() => undefined));
  throw new Error(detail ?? `'${name}' was not deleted: the server answered ${answer.status}.`);
}

/** Saves a file of the server where the browser puts downloads. */
export function download(href: string, name: string): void {
  const link = document.createElement("a");
  Object.assign(link, { href, download: name });
  link.click();
}

function has(thing: LiveThing, action: string): boolean {
  return affordancesOf(thing.td).actions.has(action);
}
