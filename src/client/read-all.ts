import { ClientProperty, type RequestOptions } from "./client-affordances.ts";
import { ClientError } from "./client-error.ts";
import type { Http } from "./http.ts";
import { isJsonType } from "./json.ts";
import { type Affordance, formsFor, type ThingDescription } from "./thing-description.ts";

/** Of an answer with all properties but those that it names. */
const UNREADABLE = "X-Unreadable-Properties";

/** How all properties are read. */
export interface ReadAllOptions extends RequestOptions {
  /** Told of each property that cannot be read: the others are read all the same. */
  readonly onFailure?: (name: string, error: ClientError) => void;
}

/** The values of all properties but pictures, as `ThingClient.readAll` gives them. */
export async function readAllProperties(
  http: Http,
  { forms, properties }: ThingDescription,
  options: ReadAllOptions,
): Promise<Record<string, unknown>> {
  const { onFailure, signal } = options;
  const [form] = formsFor(forms, "readallproperties");
  if (form) {
    const request = { accept: form.responseType, headers: form.headers, signal };
    try {
      const answer = await http.request(form.url(), request);
      const values = await http.json<Record<string, unknown>>(answer);
      // Where some could not be read, each is asked for by itself: that gives the reason.
      if (!answer.headers.has(UNREADABLE)) return values;
    } catch (error) {
      const isOneFailing = error instanceof ClientError && error.status >= 400;
      if (!onFailure || !isOneFailing) throw error;
    }
  }
  const values = await Promise.all(
    [...properties.values()].filter(isPlain).map(async (it): Promise<[string, unknown][]> => {
      try {
        return [[it.name, await new ClientProperty(http, it).read(options)]];
      } catch (error) {
        if (!onFailure || !(error instanceof ClientError)) throw error;
        onFailure(it.name, error);
        return [];
      }
    }),
  );
  return Object.fromEntries(values.flat());
}

/** A property that comes in another type too, such as a frame, may have to be waited for. */
function isPlain({ raw, forms }: Affordance): boolean {
  const types = formsFor(forms, "readproperty").map(({ responseType }) => responseType);
  return raw.writeOnly !== true && types.length > 0 && types.every(isJsonType);
}
