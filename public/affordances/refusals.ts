import type { Refusal } from "../schema/refusal.ts";
import { soundSchema } from "../schema/sound-schema.ts";

/** What a request was refused for. */
export interface Refused {
  readonly faults: readonly { readonly loc: readonly (string | number)[]; readonly msg: string }[];
  /** The server's sentence. */
  readonly problem: string | undefined;
}

/** Where it is shown. */
interface Refusals {
  /** Beside fields. */
  readonly fields: readonly Refusal[];
  /** Of the whole. */
  readonly sentence?: string;
}

/** Where the server tells what part of a request is wrong. */
const WHERE = new Set<unknown>(["body", "query", "path"]);

const NONE: Refusals = { fields: [] };
const known = new WeakMap<Refused, Refusals>();

/**
 * What was said of an input that was refused, once for each: of a field that there is, to stand beside it, else of the whole. A single
 * fault is told in the server's own sentence, which says more than the fault.
 * @param schema - Of the input.
 */
export function refusalsOf(refused: Refused | undefined, schema: unknown): Refusals {
  if (!refused) return NONE;
  const found = known.get(refused) ?? refusalsIn(refused, schema);
  known.set(refused, found);
  return found;
}

function refusalsIn({ faults, problem }: Refused, schema: unknown): Refusals {
  const { properties = {}, type, oneOf } = soundSchema(schema, schema);
  const isObject = type === "object" || type === undefined;
  const hasField = ([name]: readonly (string | number)[]) =>
    !isObject || (name !== undefined && (Object.hasOwn(properties, name) || Boolean(oneOf)));
  const fields = faults
    .map(({ loc, msg }) => ({ loc: WHERE.has(loc[0]) ? loc.slice(1) : loc, sentence: msg }))
    .filter(({ loc }) => hasField(loc));
  const [only] = fields;
  if (only && faults.length === 1)
    return { fields: [{ ...only, sentence: problem ?? only.sentence }] };
  return { fields, ...(problem !== undefined && { sentence: problem }) };
}
