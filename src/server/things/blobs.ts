import { pipeline } from "node:stream/promises";
import type { Blob } from "../../files/blob.ts";
import type { BlobStore } from "../../files/blob-store.ts";
import type { Exchange, Route } from "../http/route.ts";

/** Where the links to blobs lead. */
export function blobRoutes(blobs: BlobStore, prefix: string): Route[] {
  return [
    {
      method: "GET",
      path: `${prefix}/blob/:id`,
      role: "view",
      summary: "Fetch a file that an action returned",
      response: { status: 200, contentType: "application/octet-stream", otherTypes: ["*/*"] },
      errors: ["NOT_FOUND"],
      handle: async (exchange) => sendBlob(blobs.get(exchange.params.id!), exchange),
    },
  ];
}

/** Sends a blob's bytes as they are read, so that a large file is never in memory as a whole. */
export async function sendBlob(blob: Blob, { request, response }: Exchange): Promise<undefined> {
  response.writeHead(200, {
    "Content-Type": blob.mediaType,
    "Content-Length": blob.size,
    "Cache-Control": "no-store",
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(blob.stream(), response);
}
