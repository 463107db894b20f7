import { withDeadline } from "../base/abort.ts";
import { ClientProperty, type RequestOptions } from "./client-affordances.ts";
import { ClientError } from "./client-error.ts";
import type { Http } from "./http.ts";
import { isJsonType } from "./json.ts";
import { isPlainText } from "./media-types.ts";
import { type Affordance, formsFor, type ThingDescription } from "./thing-description.ts";

/** Of an answer with all properties but those that it names. */
const UNREADABLE = "X-Unreadable-Properties";

/** Media types that may have no end. */
const PICTURE = /^(?:image|video|audio|multipart)\//i;

/** How all properties are read. */
export interface ReadAllOptions extends RequestOptions {
  /** Told of each property that cannot be read: the others are read all the same. */
  readonly onFailure?: (name: string, error: ClientError) => void;
}

/** A property that has not answered until then is left, when `onFailure` takes it: the others are not kept waiting, ms. */
const EACH_MS = 8000;

/** The values of all properties but pictures, as `ThingClient.readAll` gives them. */
export async function readAllProperties(
  http: Http,
  { forms, properties }: ThingDescription,
  options: ReadAllOptions,
): Promise<Record<string, unknown>> {
  const { onFailure, signal } = options;
  const plain = [...properties.values()].filter(isPlain);
  const [form] = formsFor(forms, "readallproperties");
  if (form) {
    const request = { accept: form.responseType, headers: form.headers, signal };
    try {
      const answer = await http.request(form.url(), request);
      const values = await http.json<Record<string, unknown>>(answer);
      // Where some could not be read, each is asked for by itself: that gives the reason.
      if (!answer.headers.has(UNREADABLE)) {
        const missing = onFailure
          ? plain.filter(({ name }) => !Object.hasOwn(Object(values), name))
          : [];
        return { ...values, ...(await readEach(missing, http, options)) };
      }
    } catch (error) {
      const isOneFailing = error instanceof ClientError && error.status >= 400;
      if (!onFailure || !isOneFailing) throw error;
    }
  }
  return readEach(plain, http, options);
}

async function readEach(
  wanted: readonly Affordance[],
  http: Http,
  options: ReadAllOptions,
): Promise<Record<string, unknown>> {
  const { onFailure } = options;
  const values = await Promise.all(
    wanted.map(async (it): Promise<[string, unknown][]> => {
      try {
        return [[it.name, await readOne(it, http, options)]];
      } catch (error) {
        if (!onFailure || !(error instanceof ClientError)) throw error;
        onFailure(it.name, error);
        return [];
      }
    }),
  );
  return Object.fromEntries(values.flat());
}

async function readOne(it: Affordance, http: Http, options: ReadAllOptions): Promise<unknown> {
  const property = new ClientProperty(http, it);
  const { signal, onFailure } = options;
  if (!onFailure) return property.read(options);
  const until = signal ?? new AbortController().signal;
  try {
    return await withDeadline(EACH_MS, until, (either) =>
      property.read({ ...options, signal: either }),
    );
  } catch (error) {
    if (until.aborted || error instanceof ClientError) throw error;
    throw new ClientError(
      "UNREACHABLE",
      `The property '${it.name}' was not answered within ${EACH_MS / 1000} s.`,
    );
  }
}

/** A property that comes as a picture too, such as a frame, may have to be waited for. */
function isPlain({ raw, forms }: Affordance): boolean {
  const types = formsFor(forms, "readproperty").map(({ responseType }) => responseType);
  const hasValue = types.some((type) => isJsonType(type) || isPlainText(type));
  return raw.writeOnly !== true && hasValue && !types.some((type) => PICTURE.test(type));
}
