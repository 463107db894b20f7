import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { Express, Request, Response } from "express";

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
      else reject(error);
    });
  });
}
