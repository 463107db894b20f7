// What a server on express can do at best: it answers constants with our security headers. It prints its address.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { answer, answerAfter } from "./constant.ts";

const app = express();
app.disable("x-powered-by");
app.disable("etag");
app.get("/bench/gain", (_, response) => answer(response, 200, "1"));
app.put("/bench/gain", (request, response) => answerAfter(request, response, 204));
app.post("/bench/sum", (request, response) => answerAfter(request, response, 200, "5"));

const server = createServer(app);
server.listen(0, "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
