import { isRecord } from "../base/values.ts";
import { ANSWER_LIMITS, textOfAnswer } from "./answer-body.ts";
import { ClientError, problemError } from "./client-error.ts";
import type { JsonObject } from "./json.ts";

/** How long the sentence of an error is waited for, ms. */
const ERROR_MS = 10_000;

/** The error that an answer outside 200 to 299 stands for. */
export async function answerError(method: string, response: Response): Promise<ClientError> {
  const { status, statusText, url } = response;
  const body = await textOfAnswer(response, ANSWER_LIMITS.error, ERROR_MS).catch(() => "");
  const problem = problemIn(body);
  const words = plainWords(body) ?? statusText;
  const answer = `${method} ${url} was answered with ${status}${words && `: ${words}`}.`;
  const login =
    status === 401 ? " Give credentials; they are sent only to the Thing's own origin." : "";
  return problem
    ? problemError(problem, { status, url, fallback: answer + login })
    : new ClientError(`HTTP_${status}`, answer + login, { status, url });
}

function problemIn(text: string): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return isRecord(body) ? body : undefined;
  } catch {
    return undefined; // an error page, say: the status has to do
  }
}

/** What a server says that knows no problems: a line of text, but no page. */
function plainWords(body: string): string | undefined {
  const line = body.trim().replace(/\.$/, "");
  return /^[^<{[\r\n][^\r\n]{0,200}$/.test(line) ? line : undefined;
}
