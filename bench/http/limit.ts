// What the platform can do at best: node:http answers constants with our security headers, and ws sends one text to all. It
// prints its address.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { now } from "../../src/base/clock.ts";
import { answer, answerAfter } from "./constant.ts";
import { NOTIFICATIONS_HZ } from "./notifications-hz.ts";

const listeners = new Set<ServerResponse>();

const server = createServer((request, response) => {
  switch (`${request.method} ${request.url}`) {
    case "GET /bench/gain":
      return answer(response, 200, "1");
    case "PUT /bench/gain":
      return answerAfter(request, response, 204);
    case "POST /bench/sum":
      return answerAfter(request, response, 200, "5");
    case "GET /bench/ticked":
      return listen(response);
    default:
      return answer(response, 404);
  }
});

function listen(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.flushHeaders();
  listeners.add(response);
  response.on("close", () => listeners.delete(response));
}

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
