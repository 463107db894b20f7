import type { ThingError } from "../base/errors.ts";
import type { HttpLogin } from "./http-login.ts";
import type { RtspAddress } from "./rtsp-address.ts";
import { fieldOf, type RtspMessage } from "./rtsp-reader.ts";
import { refusalOf, refused } from "./rtsp-refusal.ts";

interface Request {
  readonly method: string;
  readonly message: RtspMessage;
  readonly isUdp: boolean;
  attempts: number;
}

/** Requests that no answer has come for; programs wait for each. */
const MOST_OPEN = 16;
/** A nonce may have become stale once. */
const MOST_ATTEMPTS = 2;
/** In place of the camera's path, which may hold a password. */
const LOCAL_PATH = "/thingscope";

/** What passes between a program and a camera in one connection: what each has to be told, and what came of it. */
export class RtspSession {
  readonly #address: RtspAddress;
  readonly #login: HttpLogin | undefined;
  readonly #local: string;
  readonly #camera: string;
  readonly #cameraPath: string;
  readonly #open = new Map<string, Request>();
  #state: "connecting" | "open" | "closed" = "connecting";
  #isPlaying = false;
  #isUdp = false;
  #bytes = 0;
  fault: ThingError | undefined;

  constructor(address: RtspAddress, login: HttpLogin | undefined, port: number) {
    this.#address = address;
    this.#login = login;
    this.#local = `rtsp://127.0.0.1:${port}`;
    this.#camera = /^rtsp:\/\/[^/?]*/.exec(address.url)?.[0] ?? "";
    this.#cameraPath = address.url.slice(this.#camera.length);
  }

  /** What a program is given for a relay on this port. */
  static localUrl(port: number): string {
    return `rtsp://127.0.0.1:${port}${LOCAL_PATH}`;
  }

  get isOpen(): boolean {
    return this.#state !== "closed";
  }

  /** What the camera has not answered, or not sent; undefined before anything was asked. */
  get silence(): string | undefined {
    const { shown } = this.#address;
    const [waiting] = this.#open.values();
    if (waiting)
      return `${shown} does not answer ${waiting.method}. Restart the camera, and check its network.`;
    if (!this.#isPlaying) return undefined;
    if (this.#isUdp)
      return `${shown} plays, and no pictures arrive. They come by UDP, which a firewall may keep away: permit it, or set the option transport to tcp.`;
    if (this.#bytes === 0)
      return `${shown} accepts the request to play and sends nothing. Restart the camera, and look at its picture on its own page.`;
    return `${shown} sends data that no whole picture could be made of. Set the camera to H.264, H.265 or MJPEG without encryption, or try the option program.`;
  }

  opens(): void {
    this.#state = "open";
  }

  /** Interleaved data have come. */
  received(bytes: number): void {
    this.#bytes += bytes;
  }

  /** One side sends what is not RTSP. */
  breaks(why: string): void {
    this.fault ??= refused(
      this.#address.shown,
      `does not speak RTSP: ${why}. Restart the camera, or check the port.`,
    );
  }

  /** The camera has closed the connection. @param isUnasked - While the program still wanted it. */
  closes(isUnasked: boolean): void {
    this.#state = "closed";
    if (!isUnasked) return;
    const [waiting] = this.#open.values();
    const when = waiting ? `instead of answering ${waiting.method}` : "while it was playing";
    this.fault ??= refused(
      this.#address.shown,
      `closed the connection ${when}. It is opened again; if this happens often, check its network and end other viewers of it.`,
    );
  }

  /** The program's request, as the camera gets it. */
  asked(message: RtspMessage): RtspMessage {
    const [method = "", url = "", version = ""] = message.first.split(" ");
    if (version === "") return message; // an answer to the camera's own request
    const isUdp = /client_port=/.test(fieldOf(message, "transport") ?? "");
    const there = { ...message, first: `${method} ${this.#there(url)} ${version}` };
    const request = { method, message: there, isUdp, attempts: 1 };
    const [oldest] = this.#open.keys();
    if (oldest !== undefined && this.#open.size >= MOST_OPEN) this.#open.delete(oldest);
    this.#open.set(fieldOf(message, "cseq") ?? "", request);
    return this.#withLogin(request);
  }

  /** The camera's answer: what the program gets of it, or the request that is sent again, with a login. */
  answered(
    message: RtspMessage,
    from = "",
  ): { readonly answer?: RtspMessage; readonly again?: RtspMessage } {
    const [, status = "0", reason = ""] = /^RTSP\/\d\.\d (\d{3}) ?(.*)$/.exec(message.first) ?? [];
    const number = fieldOf(message, "cseq") ?? "";
    const request = this.#open.get(number);
    if (status === "401" && request && this.#canAnswer(request, message)) {
      request.attempts++;
      return { again: this.#withLogin(request) };
    }
    this.#open.delete(number);
    if (request) this.#note(request, Number(status), reason, message);
    return { answer: this.#here(message, from) };
  }

  #canAnswer({ attempts }: Request, { fields }: RtspMessage): boolean {
    const wanted = fields.filter(([name]) => name.toLowerCase() === "www-authenticate");
    const challenges = wanted.map(([, value]) => value).join(", ");
    if (!this.#login || attempts > MOST_ATTEMPTS) return false;
    // A session of its own may have a nonce of its own: the first refusal in a request is answered.
    return this.#login.refused(challenges, attempts > 1);
  }

  #withLogin({ method, message }: Request): RtspMessage {
    const url = message.first.split(" ")[1] ?? "";
    const authorization = this.#login?.authorizationFor(url, method);
    if (authorization === undefined) return message;
    return { ...message, fields: [...message.fields, ["Authorization", authorization]] };
  }

  #note({ method, isUdp }: Request, status: number, reason: string, message: RtspMessage): void {
    if (status >= 400) {
      if (!["SETUP", "PLAY", "DESCRIBE"].includes(method) && status !== 454) return; // optional ones
      const hasLogin = this.#login !== undefined;
      const refusal = { method, status, reason, hasLogin, isUdp };
      this.fault = refusalOf(this.#address.shown, refusal);
      return;
    }
    this.#login?.accepted(fieldOf(message, "authentication-info"));
    if (method === "SETUP") this.#isUdp = isUdp;
    if (method === "PLAY") this.#isPlaying = true;
    if (method === "SETUP" || method === "PLAY") this.fault = undefined;
  }

  /** An answer with this computer's address in place of the camera's, whatever that calls itself. */
  #here(message: RtspMessage, from: string): RtspMessage {
    const local = (text: string) =>
      text.replace(/rtsps?:\/\/[^/?\s"]*([^\s;,"]*)/gi, (_, path: string) =>
        path.startsWith(this.#cameraPath)
          ? `${this.#local}${LOCAL_PATH}${path.slice(this.#cameraPath.length)}`
          : `${this.#local}${path}`,
      );
    const { first, fields } = message;
    const body = Buffer.from(local(message.body.toString("latin1")), "latin1");
    const told = fields.map(([name, value]) => {
      if (/^content-length$/i.test(name)) return [name, String(body.length)] as const;
      if (/^transport$/i.test(name)) return [name, withSource(value, from)] as const;
      return [name, local(value)] as const;
    });
    return { first, fields: told, body };
  }

  /** The camera's address of one that the program knows. */
  #there(url: string): string {
    if (!url.startsWith(this.#local)) return url;
    const path = url.slice(this.#local.length);
    const isOurs = path.startsWith(LOCAL_PATH);
    const rest = isOurs ? `${this.#cameraPath}${path.slice(LOCAL_PATH.length)}` : path;
    return `${this.#camera}${rest}`;
  }
}

/** Datagrams come from the camera and not from this relay. */
function withSource(transport: string, from: string): string {
  const isUdp = /client_port=/i.test(transport) && !/;source=/i.test(transport);
  return isUdp && from !== "" ? `${transport};source=${from.replace(/^::ffff:/, "")}` : transport;
}
