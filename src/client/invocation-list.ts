import { isRecord } from "../base/values.ts";
import { ClientError } from "./client-error.ts";
import type { Http } from "./http.ts";
import { hrefIn, RemoteInvocation } from "./invocation.ts";
import { listOf, objectOf } from "./json.ts";
import { formsFor, type ThingDescription } from "./thing-description.ts";

/** The invocations that the server knows of a Thing, as `ThingClient.invocations` gives them. */
export async function listInvocations(
  http: Http,
  { forms, title }: ThingDescription,
  signal: AbortSignal | undefined,
): Promise<RemoteInvocation[]> {
  const [form] = formsFor(forms, "queryallactions");
  if (!form)
    throw new ClientError(
      "UNSUPPORTED",
      `Thing '${title}' does not list its invocations: its description has no form for 'queryallactions'.`,
    );
  const request = { accept: form.responseType, headers: form.headers, signal };
  const answer = await http.request(form.url(), request);
  const runs = Object.entries(objectOf(await http.json(answer))).flatMap(([action, states]) =>
    listOf(states)
      .filter(isRecord)
      .flatMap((state) => {
        const href = hrefIn(state, answer.url);
        return href ? [RemoteInvocation.at(http, action, href, { state, answer })] : [];
      }),
  );
  return runs.toSorted((a, b) => (b.timeRequested ?? 0) - (a.timeRequested ?? 0));
}
