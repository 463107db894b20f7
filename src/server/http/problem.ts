import { type InputFault, ThingError } from "../../base/errors.ts";
import { cut } from "../../base/preview.ts";
import { thrownError } from "../../base/thrown.ts";

const LABTHINGS_ERRORS =
  "https://labthings-fastapi.readthedocs.io/en/latest/autoapi/labthings_fastapi/exceptions/index.html#labthings_fastapi.exceptions.";

/** LabThings' Python client raises its own classes for these two, by the URL in `type`. */
const LABTHINGS_NAMES: Partial<Record<string, string>> = {
  LOCK_BUSY: "GlobalLockBusyError",
  ACTION_CANCELLED: "InvocationCancelledError",
};

/** Problem Details for HTTP APIs, RFC 9457, with `detail` always one sentence. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string | null;
  /** Stable; see docs/errors.md. */
  code: string;
  /** For invalid input: each fault, in LabThings' form; the first 20 of them. */
  errors?: readonly InputFault[];
  /** How many more there are. */
  errors_omitted?: number;
}

const LONGEST_DETAIL = 4000; // characters
const LONGEST_INSTANCE = 200;
const LONGEST_TITLE = 100;
/** What a problem may be as JSON, with room for what is put around it. */
const MOST_BYTES = 60_000;

/** The problem that a client sees for anything that was thrown: less than 64 kB, however much was wrong. */
export function problemOf(thrown: unknown, instance: string | null = null): Problem {
  const error = thrownError(thrown);
  const at = instance === null ? null : cut(instance, LONGEST_INSTANCE);
  const problem = error instanceof ThingError ? ofOurs(error, at) : ofOthers(error, at);
  if (Buffer.byteLength(JSON.stringify(problem)) <= MOST_BYTES) return problem;
  const { errors = [], errors_omitted = 0, ...rest } = problem;
  return { ...rest, errors_omitted: errors.length + errors_omitted };
}

/** The same problem without what its client sent: for somebody who has not logged in. */
export function withoutInput(problem: Problem): Problem {
  const { errors, ...rest } = problem;
  return {
    ...rest,
    ...(errors && { errors: errors.map(({ type, loc, msg }) => ({ type, loc, msg })) }),
  };
}

function ofOthers(error: Error, instance: string | null): Problem {
  return {
    type: "about:blank",
    title: cut(error.name, LONGEST_TITLE),
    status: 500,
    detail: cut(error.message, LONGEST_DETAIL),
    instance,
    code: "INTERNAL",
  };
}

function ofOurs(error: ThingError, instance: string | null): Problem {
  const { code, status, message, faults, moreFaults } = error;
  const name = LABTHINGS_NAMES[code];
  return {
    type: name ? LABTHINGS_ERRORS + name : `urn:thingscope:error:${code}`,
    title: name ?? titleOf(code),
    status,
    detail: message,
    instance,
    code,
    ...(faults.length > 0 && { errors: faults }),
    ...(moreFaults > 0 && { errors_omitted: moreFaults }),
  };
}

function titleOf(code: string): string {
  const words = code.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
