import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { ThingError } from "../base/errors.ts";
import { reasonOf } from "../base/errors.ts";
import type { HttpLogin } from "./http-login.ts";
import { isOwnPeer } from "./own-peer.ts";
import type { RtspAddress } from "./rtsp-address.ts";
import { connectTrusted } from "./rtsp-connection.ts";
import { bytesOf, type RtspMessage, RtspReader } from "./rtsp-reader.ts";
import { refused } from "./rtsp-refusal.ts";
import { RtspSession } from "./rtsp-session.ts";

const CONNECT_MS = 8000;
/** Of what the program sends, which is little: a camera that does not take it hangs, bytes. */
const MOST_UNSENT = 1 << 20;

/**
 * Stands between a program that reads an RTSP stream and its camera: it logs in, speaks TLS and names the camera's address, so
 * that none of these is in the program's arguments; and it sees what the camera answers, so that a refusal has one sentence
 * whichever program reads. It serves one connection of a program of this user at a time.
 */
export class RtspRelay {
  readonly #address: RtspAddress;
  readonly #login: HttpLogin | undefined;
  readonly #server: Server;
  readonly #port: number;
  readonly #closing = new AbortController();
  #session: RtspSession | undefined;
  #fault: ThingError | undefined;

  private constructor(
    { at, login }: { readonly at: RtspAddress; readonly login: HttpLogin | undefined },
    server: Server,
  ) {
    this.#address = at;
    this.#login = login;
    this.#server = server;
    const address = server.address();
    this.#port = typeof address === "object" && address ? address.port : 0;
    server.on("connection", (socket: Socket) => void this.#serve(socket));
  }

  /** @param video - Where the stream is, and the login as the server wanted it last. */
  static async open(video: {
    readonly at: RtspAddress;
    readonly login: HttpLogin | undefined;
  }): Promise<RtspRelay> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new RtspRelay(video, server);
  }

  /** What the program is given: an address of this computer, with nothing of the camera's. */
  get url(): string {
    return RtspSession.localUrl(this.#port);
  }

  /** Why the stream failed, as far as the camera said it. */
  get fault(): ThingError | undefined {
    return this.#fault ?? this.#session?.fault;
  }

  /** What a silent camera has not answered, or not sent. */
  get silence(): string | undefined {
    return this.fault?.message ?? this.#session?.silence;
  }

  close(): void {
    this.#closing.abort();
    this.#server.close();
  }

  async #serve(program: Socket): Promise<void> {
    program.on("error", () => {});
    const stop = () => void program.destroy();
    this.#closing.signal.addEventListener("abort", stop, { once: true });
    program.once("close", () => this.#closing.signal.removeEventListener("abort", stop));
    if (this.#closing.signal.aborted || this.#session?.isOpen || !(await isOwnPeer(program)))
      return stop();
    program.setNoDelay();
    const session = new RtspSession(this.#address, this.#login, this.#port);
    this.#session = session;
    try {
      const signal = AbortSignal.timeout(CONNECT_MS);
      const camera = await connectTrusted(this.#address, signal);
      session.opens();
      relay(program, camera, session);
    } catch (error) {
      this.#fault = refused(
        this.#address.shown,
        `closed or refused its connection: ${reasonOf(error)}. It is tried again.`,
      );
      stop();
    }
  }
}

/** Carries both directions until one side ends; what one side does not take, the other does not read. */
function relay(program: Socket, camera: Socket, session: RtspSession): void {
  const toProgram = (bytes: Buffer) => {
    if (!program.write(bytes)) camera.pause();
  };
  const toCamera = (bytes: Buffer) => {
    if (camera.writableLength > MOST_UNSENT) camera.destroy();
    else camera.write(bytes);
  };
  const answers = new RtspReader({
    onData: (bytes) => {
      session.received(bytes.length);
      toProgram(bytes);
    },
    onMessage: (message: RtspMessage) => {
      const { again, answer } = session.answered(message, camera.remoteAddress);
      if (again) toCamera(bytesOf(again));
      if (answer) toProgram(bytesOf(answer));
    },
  });
  const requests = new RtspReader({
    onData: toCamera,
    onMessage: (message) => toCamera(bytesOf(session.asked(message))),
  });
  const reading = (reader: RtspReader) => (bytes: Buffer) => {
    try {
      reader.read(bytes);
    } catch (error) {
      session.breaks(reasonOf(error));
      camera.destroy();
      program.end();
    }
  };
  camera
    .setNoDelay()
    .on("data", reading(answers))
    .once("close", () => {
      session.closes(!program.destroyed && !program.readableEnded);
      program.end();
    });
  program
    .on("drain", () => camera.resume())
    .on("data", reading(requests))
    .once("end", () => camera.end())
    .once("close", () => camera.destroy());
}
