import { HttpLogin, type LoginData } from "./http-login.ts";

/** The request that is to be authorised. */
interface Request {
  readonly method: string;
  /** As it stands in the request. */
  readonly uri: string;
}

/**
 * The value of `Authorization` for one request that was refused, of RTSP or SOAP.
 * @param challenges - The values of the server's `WWW-Authenticate` fields.
 * @returns Undefined if it asks for no login that is known.
 */
export function answerTo(
  challenges: readonly string[],
  login: LoginData,
  { method, uri }: Request,
): string | undefined {
  const answering = new HttpLogin(login);
  const wanted = challenges.filter(Boolean).join(", ");
  return answering.refused(wanted, false) ? answering.authorizationFor(uri, method) : undefined;
}
