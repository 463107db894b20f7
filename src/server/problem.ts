import { messageOf, ThingError } from "../base/errors.ts";

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
  /** For invalid input: each fault, in LabThings' form. */
  errors?: unknown;
}

/** The problem that a client sees for anything that was thrown. */
export function problemOf(error: unknown, instance: string | null = null): Problem {
  if (!(error instanceof ThingError)) {
    const title = error instanceof Error ? error.name : "Error";
    return {
      type: "about:blank",
      title,
      status: 500,
      detail: messageOf(error),
      instance,
      code: "INTERNAL",
    };
  }
  const { code, status, message, faults } = error;
  const name = LABTHINGS_NAMES[code];
  return {
    type: name ? LABTHINGS_ERRORS + name : `urn:thingscope:error:${code}`,
    title: name ?? titleOf(code),
    status,
    detail: message,
    instance,
    code,
    ...(faults.length > 0 && { errors: faults }),
  };
}

function titleOf(code: string): string {
  const words = code.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
