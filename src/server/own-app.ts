import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
// biome-ignore lint/suspicious/noTsIgnore: where there is @types/express, it expects no error
/** @ts-ignore In a project without @types/express, which the package does not bring along, it is `any`: docs/decisions/0233. */
import type { Express, Request, Response } from "express";
import { type ErrorCode, ThingError } from "../base/errors.ts";
import { cut } from "../base/preview.ts";

/** Where a user adds routes and middleware beside those of the server. */
export type OwnApp = Express;

const load = createRequire(import.meta.url);

/** An express application for what the server does not answer itself. express is loaded here, for those who want one. */
export function newOwnApp(): OwnApp {
  const express: () => Express = load("express");
  const app = express();
  app.disable("x-powered-by");
  return app;
}

/** Resolves when the application has left a request to the server: never for one that it answers itself. */
export function passed(
  app: Express,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  return new Promise((resolve, reject) => {
    app(request as Request, response as Response, (error?: unknown) => {
      if (error === undefined || error === null) resolve();
      else reject(refusal(error) ?? error);
    });
  });
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  413: "BODY_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
};

/** What express's own middleware says of a request that it refuses, such as a body above its limit; undefined for a fault. */
function refusal(error: unknown): ThingError | undefined {
  if (!(error instanceof Error) || error instanceof ThingError) return undefined;
  const { expose, status } = error as { expose?: unknown; status?: unknown };
  if (expose !== true || typeof status !== "number" || status < 400 || status > 499)
    return undefined;
  const sentence = `A route of this server's own refuses the request (${status}): ${cut(error.message, 200)}. Send what it accepts.`;
  return new ThingError(CODES[status] ?? "INVALID_INPUT", sentence, { cause: error });
}
