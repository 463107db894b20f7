import { type Command, InvalidArgumentError } from "commander";

/** Options of `serve` and `launch`: where they listen, and who may come. */
export interface ListenFlags {
  readonly host?: string;
  readonly port: number;
  readonly lan: boolean;
  readonly login: boolean;
  readonly insecureNoAuth: boolean;
  readonly embed: boolean;
  readonly tls?: "auto";
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

export const LOOPBACK = "127.0.0.1";

/** Adds the options for it to a command. */
export function addListenOptions(command: Command): Command {
  return command
    .option("--host <address>", `the address to listen on, ${LOOPBACK} when absent`)
    .option("--port <number>", "the port to listen on, 0 for a free one", portNumber, 5000)
    .option("--lan", "let other computers in that log in; prints a link and a QR code", false)
    .option("--login", "ask for a login on this computer, too", false)
    .option("--embed", "let web pages of other origins show the pictures", false)
    .option("--tls <auto>", "serve https, with a certificate of the server's own", onlyAuto)
    .option("--tls-cert <file>", "serve https, with this certificate in PEM")
    .option("--tls-key <file>", "and this key")
    .option("--insecure-no-auth", "allow addresses off loopback, without any login", false);
}

export function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new InvalidArgumentError("A port is a number from 0 to 65535.");
}

function onlyAuto(text: string): "auto" {
  if (text === "auto") return text;
  throw new InvalidArgumentError("It is 'auto'. A certificate that you have goes with --tls-cert.");
}
