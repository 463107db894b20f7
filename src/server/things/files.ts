import { Type } from "typebox";
import { quoted } from "../../base/preview.ts";
import type { Role } from "../../core/affordances.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import { whileOpening } from "../../core/thing-state.ts";
import { FileCollection, newestFirst } from "../../files/file-collection.ts";
import { RECORDED, type StoredFile, storedFileSchema } from "../../files/stored-file.ts";
import { assertUnchanged } from "../http/conditions.ts";
import { type Exchange, JSON_TYPE, type Reply, type Route } from "../http/route.ts";
import { assertAnswers, fileValidators, notThere, sendFile, sendParts } from "../http/send-file.ts";
import { badQuery, LARGEST_NUMBER, numberIn } from "../http/target.ts";

/** Files of a Thing. */
interface Shelf {
  readonly hosted: HostedThing;
  readonly files: FileCollection;
}

/** A file says only with its answer what it is. */
const ANY_TYPE = "*/*";
const RECORDINGS = "recordings";

/** The files of each collection of a Thing, below the property that lists them. */
export function fileRoutes(hosted: HostedThing, base: string): Route[] {
  return hosted.model.files.flatMap(({ name, description, role }) => {
    const files = collectionOf(hosted, name);
    return files
      ? routesAt(
          `${base}/${name}`,
          `${description} of ${hosted.name}`,
          () => [{ hosted, files }],
          role,
        )
      : [];
  });
}

/** The recordings of all Things, where a client looks that knows an id alone. */
export function fileAliasRoutes(host: ThingHost, prefix: string): Route[] {
  const all = () => [...host.things.values()].flatMap(recordingsOf);
  if (all().length === 0) return [];
  const path = `${prefix}/${RECORDINGS}`;
  return [
    {
      method: "GET",
      path,
      role: "view",
      summary: "All recordings of all Things, newest first",
      query: FILE_PAGE,
      response: { status: 200, contentType: JSON_TYPE, schema: Type.Array(storedFileSchema()) },
      large: true,
      handle: async (exchange) => {
        const files = new Map(
          all().flatMap(({ files }) => files.list.map((file) => [file.id, file])),
        );
        return fileListReply([...files.values()], exchange); // each once: recorders may share a folder
      },
    },
    ...routesAt(path, "a recording of any Thing", all),
  ];
}

function routesAt(
  path: string,
  what: string,
  shelves: () => Shelf[],
  role: Role = "view",
): Route[] {
  const holder = (id: string) => holderOf(shelves, id);
  return [
    {
      method: "GET",
      path: `${path}/:id`,
      role,
      summary: `Fetch a file: ${what}`,
      description: "Supports `Range` and `If-Range`, so an interrupted download can be resumed.",
      response: { status: 200, contentType: ANY_TYPE },
      errors: ["NOT_FOUND", "BAD_RANGE", "NOT_READY"],
      hasETag: true,
      hasRanges: true,
      handle: async (exchange) => {
        const id = exchange.params.id!;
        const { path, name, mediaType } = (await holder(id)).get(id);
        await sendFile(exchange, { path, name, mediaType });
        return undefined;
      },
    },
    {
      method: "GET",
      path: `${path}/:id/:part`,
      role,
      summary: `Fetch a part of a file, e.g. its poster image: ${what}`,
      response: { status: 200, contentType: ANY_TYPE },
      errors: ["NOT_FOUND", "BAD_RANGE", "NOT_READY"],
      hasETag: true,
      hasRanges: true,
      handle: async (exchange) => sendPart(exchange, await holder(exchange.params.id!)),
    },
    {
      method: "DELETE",
      path: `${path}/:id`,
      role: "admin",
      summary: `Delete a file and all that belongs to it: ${what}`,
      response: { status: 204 },
      errors: ["NOT_FOUND", "LOCK_BUSY", "PRECONDITION_FAILED", "NOT_READY"],
      hasETag: true,
      handle: async ({ params, request }) => {
        const files = await holder(params.id!);
        assertUnchanged(request, await fileValidators(files.get(params.id!).path));
        await files.delete(params.id!);
        return { status: 204 };
      },
    },
  ];
}

async function sendPart(exchange: Exchange, files: FileCollection): Promise<Reply | undefined> {
  const { id = "", part: wanted = "" } = exchange.params;
  const file = files.get(id);
  const { mediaType, content } = file.part(wanted);
  if (typeof content === "string") {
    await sendFile(exchange, { path: content, name: `${file.name}.${wanted}`, mediaType });
    return undefined;
  }
  await assertAnswers(file.path);
  try {
    const made = content();
    if (!(Symbol.asyncIterator in made))
      return { status: 200, body: await made, contentType: mediaType };
    await sendParts(exchange, { parts: made, mediaType });
    return undefined;
  } catch (error) {
    return notThere(file.name, error);
  }
}

/** What has a file. While a Thing opens it may not have listed it yet, so that is no reason to say that there is none. @throws {ThingError} `NOT_READY`. */
async function holderOf(shelves: () => Shelf[], id: string): Promise<FileCollection> {
  const holder = () => shelves().find(({ files }) => files.find(id));
  const found = holder();
  if (found) return found.files;
  for (const { hosted } of shelves()) await whileOpening(hosted);
  const later = holder();
  if (later) return later.files;
  for (const { hosted } of shelves()) hosted.assertOpen(`look for the file ${quoted(id)}`);
  return shelves()[0]!.files;
}

function recordingsOf(hosted: HostedThing): Shelf[] {
  const own = hosted.model.files.filter(({ name }) => RECORDED.has(name));
  return own.flatMap(({ name }) => {
    const files = collectionOf(hosted, name);
    return files ? [{ hosted, files }] : [];
  });
}

/** The files that a property lists, if it lists files. */
export function collectionOf(hosted: HostedThing, name: string): FileCollection | undefined {
  if (!hosted.model.files.some((one) => one.name === name)) return undefined;
  const files = hosted.filesOf(name);
  return files instanceof FileCollection ? files : undefined;
}

/** How a list of files is asked for in pages. */
export const FILE_PAGE = {
  limit: Type.Integer({
    minimum: 1,
    maximum: LARGEST_NUMBER,
    description: "Maximum number of files to list",
  }),
  after: Type.String({ description: "Cursor from the Link header of the previous page" }),
};

/**
 * A list of files, newest first, or the page of it that the query asks for. While there are more, `Link` has the next page:
 * a client that follows it sees each file once, whatever is recorded or deleted meanwhile.
 * @throws {ThingError} `BAD_ARGUMENT` for a page that is none.
 */
export function fileListReply(
  all: readonly StoredFile[],
  { query }: Pick<Exchange, "query">,
): Reply {
  const limit = numberIn(query, "limit", 1) ?? all.length;
  const after = cursorIn(query);
  const files = all.toSorted(newestFirst).filter((file) => !after || newestFirst(after, file) < 0);
  const page = files.slice(0, limit);
  const last = page.at(-1);
  const isMore = last && page.length < files.length;
  const next = isMore && new URLSearchParams({ limit: String(limit), after: cursorOf(last) });
  return { status: 200, body: page, ...(next && { headers: { Link: `<?${next}>; rel="next"` } }) };
}

type Cursor = Pick<StoredFile, "createdAt" | "id">;

/** A cursor of the list, which stays valid when its file is deleted: `1795251600680.25_fJ3k...`. */
function cursorOf({ createdAt, id }: Cursor): string {
  return `${createdAt}_${id}`;
}

function cursorIn(query: URLSearchParams): Cursor | undefined {
  const text = query.get("after");
  if (text === null) return undefined;
  const [, time, id] = /^(\d{1,16}(?:\.\d{1,16})?)_([\w-]{1,64})$/.exec(text) ?? [];
  if (time && id) return { createdAt: Number(time), id };
  throw badQuery("after", text, "the cursor from the Link header of the previous page");
}
