import { type Command, InvalidArgumentError } from "commander";

/** Options of `serve` and `launch`: where they listen, and access. */
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
    .option("--host <address>", `the address to listen on (default: ${LOOPBACK})`)
    .option("--port <number>", "the port to listen on, 0 for a free one", portNumber, 5000)
    .option("--lan", "allow other computers, with a login; prints a link and a QR code", false)
    .option("--login", "require a login on this computer, too", false)
    .option("--embed", "allow web pages of other origins to show the pictures", false)
    .option("--tls <auto>", "serve https, with the server's own certificate", onlyAuto)
    .option("--tls-cert <file>", "serve https, with this certificate in PEM")
    .option("--tls-key <file>", "the certificate's private key")
    .option("--insecure-no-auth", "allow addresses off loopback without a login", false);
}

export function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new InvalidArgumentError("A port must be a number from 0 to 65535.");
}

function onlyAuto(text: string): "auto" {
  if (text === "auto") return text;
  throw new InvalidArgumentError("It must be 'auto'. Use --tls-cert for your own certificate.");
}
