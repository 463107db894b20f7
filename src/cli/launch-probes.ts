import { Probe } from "../adapters/pythiags/probe.ts";
import {
  type Consume,
  consumeOf,
  isClass,
  type Produce,
  produceOf,
} from "../adapters/pythiags/producer.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { loadNamed, notExported, notLoaded } from "./load-module.ts";

/** The options of `thingscope launch` that ask for probes, as they were written. */
export interface ProbeFlags {
  /** The element that is looked at. */
  readonly obs?: string | undefined;
  /** `module:name` of what looks. */
  readonly ext?: string | undefined;
  /** `module:name` of what takes what was found. */
  readonly proc?: string | undefined;
  /** `module:name@element`, each. */
  readonly probe?: readonly string[] | undefined;
}

/** A probe that is ready to look. */
export interface LaunchProbe {
  /** The element that it looks at; the first camera when absent. */
  readonly element: string | undefined;
  readonly producer: Produce;
  readonly consumer?: Consume | undefined;
}

interface Request {
  readonly element: string | undefined;
  readonly ext: string;
  readonly proc?: string | undefined;
}

/**
 * Loads what looks, and what takes what was found, as modules are seen from `folder`.
 * @throws {ThingError} `BAD_ARGUMENT` for options that make no probe, `CLASS_NOT_LOADED` for what cannot be loaded.
 */
export async function loadProbes(flags: ProbeFlags, folder: string): Promise<LaunchProbe[]> {
  const probes: LaunchProbe[] = [];
  for (const { element, ext, proc } of requestsIn(flags)) {
    const producer = produceOf(await loadPart(ext, folder, "producer"));
    const taker = proc === undefined ? undefined : await loadPart(proc, folder, "consumer");
    probes.push({ element, producer, ...(taker !== undefined && { consumer: consumeOf(taker) }) });
  }
  return probes;
}

/** The Thing of a probe: what it finds is in the log, unless something else takes it. */
export function probeThing({ producer, consumer }: LaunchProbe): Probe {
  return new Probe(consumer ? { producer, consumer } : { producer, log: true });
}

function requestsIn({ obs, ext, proc, probe = [] }: ProbeFlags): Request[] {
  if (ext === undefined && (obs ?? proc) !== undefined) {
    const given = obs === undefined ? "--proc" : "--obs";
    throw new ThingError(
      "BAD_ARGUMENT",
      `${given} needs a probe: add --ext=MODULE:NAME, a Producer or a function.`,
    );
  }
  const first = ext === undefined ? [] : [{ element: obs, ext: checkedReference(ext), proc }];
  if (proc !== undefined) checkedReference(proc);
  return [...first, ...probe.map(requestOf)];
}

/** pythia's `module:function@element`, also with the pad: `@element.src`. */
function requestOf(text: string): Request {
  const at = text.lastIndexOf("@");
  const [reference, place] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  if (place === "" || place?.endsWith(".sink")) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `'--probe ${text}' does not name an element whose output can be examined. Write MODULE:NAME@ELEMENT.`,
    );
  }
  return { element: place?.replace(/\.src$/, ""), ext: checkedReference(reference) };
}

function checkedReference(text: string): string {
  if (/^.+:[\w$]+$/.test(text)) return text;
  throw new ThingError(
    "BAD_ARGUMENT",
    `'${text}' does not name an export of a module. Write MODULE:NAME, for instance ./birds.ts:findBirds.`,
  );
}

/** A part of a module: as it is, or one of it where it is a class. */
async function loadPart(reference: string, folder: string, kind: string): Promise<unknown> {
  const named = await loadNamed(reference, folder);
  if (named.value === undefined) throw notExported(named, Object.keys(named.exports), kind);
  if (!isClass(named.value)) return named.value;
  try {
    return new named.value();
  } catch (cause) {
    throw notLoaded(`${kind} '${reference}' cannot be created: ${messageOf(cause)}`, cause);
  }
}
