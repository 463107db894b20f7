import { reloadOnce } from "./reload.ts";

interface JsonRequest {
  readonly method?: string;
  /** Until the answer is there. */
  readonly timeoutMs?: number;
}

/**
 * What a resource of the server answers. Where a login is needed the page is loaded again, which shows where to log in.
 * @throws {Error} with the server's sentence; a `TypeError` or `TimeoutError` when it does not answer.
 */
export async function fetchJson(
  url: string,
  { method = "GET", timeoutMs = 4000 }: JsonRequest = {},
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method,
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status === 401) reloadOnce("login");
  const body = await response.json().catch(() => {
    throw new TypeError("The answer is not JSON."); // a proxy says that the server is gone
  });
  if (!response.ok) throw new Error(String(Object(body).detail));
  return body;
}

/** Whether nobody answered, rather than refused. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError || isLate(error);
}

/** Whether an answer did not come in time. */
export function isLate(error: unknown): boolean {
  return Object(error).name === "TimeoutError";
}
