import { account } from "../things/account.ts";
import type { LiveThing } from "../things/live-thing.ts";
import type { Run } from "../things/run.ts";
import { runsOf } from "../things/runs.ts";
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

/** A mirror passes the files of its origin on, and deletes none there. */
export function canDelete({ recorder }: Recording): boolean {
  return account.role === "admin" && recorder.td.mirrorOf === undefined;
}

/** What a run of `verify` has found; undefined before. */
export function verdictOf(run: Run | undefined): Verdict | undefined {
  if (run?.status !== "completed") return undefined;
  const { ok, sentence, frames, expected } = Object(run.output);
  return { ok: ok === true, sentence: String(sentence), frames, expected };
}

/** The runs of an action with a recording, newest first: those whose input is known. */
export function runsWith({ recorder, id }: Recording, action: string): readonly Run[] {
  return runsOf(recorder)
    .of(action)
    .filter(({ input }) => Object(input).id === id);
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
