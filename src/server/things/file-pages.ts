import { Type } from "typebox";
import { newestFirst } from "../../outputs/file-collection.ts";
import type { StoredFile } from "../../outputs/stored-file.ts";
import { badQuery, LARGEST_NUMBER, numberIn } from "../http/query.ts";
import type { Exchange, Reply } from "../http/route.ts";

/** How a list of files is asked for in pages. */
export const FILE_PAGE = {
  limit: Type.Integer({
    minimum: 1,
    maximum: LARGEST_NUMBER,
    description: "How many files to list at most",
  }),
  after: Type.String({ description: "Where the page before ended, as its Link to the next says" }),
};

/**
 * A list of files, newest first, or the page of it that the query asks for. While there are more, `Link` has the next page:
 * whoever follows it sees each file once, whatever is recorded or deleted meanwhile.
 * @throws {ThingError} `BAD_ARGUMENT` for a page that is none.
 */
export function fileListReply(
  all: readonly StoredFile[],
  { query }: Pick<Exchange, "query">,
): Reply {
  const limit = numberIn(query, "limit", 1) ?? all.length;
  const after = placeIn(query);
  const files = all.toSorted(newestFirst).filter((file) => !after || newestFirst(after, file) < 0);
  const page = files.slice(0, limit);
  const last = page.at(-1);
  const isMore = last && page.length < files.length;
  const next = isMore && new URLSearchParams({ limit: String(limit), after: placeOf(last) });
  return { status: 200, body: page, ...(next && { headers: { Link: `<?${next}>; rel="next"` } }) };
}

type Place = Pick<StoredFile, "createdAt" | "id">;

/** A place in the list that stays where it is when the file there is deleted: `1795251600680.25_fJ3k...`. */
function placeOf({ createdAt, id }: Place): string {
  return `${createdAt}_${id}`;
}

function placeIn(query: URLSearchParams): Place | undefined {
  const text = query.get("after");
  if (text === null) return undefined;
  const [, time, id] = /^(\d{1,16}(?:\.\d{1,16})?)_([\w-]{1,64})$/.exec(text) ?? [];
  if (time && id) return { createdAt: Number(time), id };
  throw badQuery("after", text, "what the Link of the page before has");
}
