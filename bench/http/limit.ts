// What the platform can do at best: express 5 answers constants with our security headers, and ws sends one text to
// all. It prints its address.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { WebSocketServer } from "ws";
import { now } from "../../src/base/clock.ts";
import { setSecurityHeaders } from "../../src/server/http/reply.ts";
import { NOTIFICATIONS_HZ } from "./notifications-hz.ts";

const app = express();
app.disable("x-powered-by");
app.disable("etag");

function answer(response: ServerResponse, status: number, body = ""): void {
  setSecurityHeaders(response);
  response.setHeader("Cache-Control", "no-store");
  if (body) response.setHeader("Content-Type", "application/json");
  if (body) response.setHeader("Content-Length", body.length);
  response.writeHead(status);
  response.end(body);
}

app.get("/bench/gain", (_, response) => answer(response, 200, "1"));
app.put("/bench/gain", (request, response) => {
  request.resume().on("end", () => answer(response, 204));
});
app.post("/bench/sum", (request, response) => {
  request.resume().on("end", () => answer(response, 200, "5"));
});

const listeners = new Set<ServerResponse>();
app.get("/bench/ticked", (_, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.flushHeaders();
  listeners.add(response);
  response.on("close", () => listeners.delete(response));
});

const server = createServer(app);
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
setInterval(() => {
  const time = now();
  for (const response of listeners) response.write(`data: {"capturedAt":${time}}\n\n`);
  const status = `{"messageType":"propertyStatus","data":{"newest":${time}}}`;
  for (const socket of sockets.clients) socket.send(status);
}, 1000 / NOTIFICATIONS_HZ);
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
