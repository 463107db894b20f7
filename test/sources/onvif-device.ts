import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";

/** What an ONVIF camera is like. */
interface DeviceOptions {
  readonly login?: { readonly username: string; readonly password: string };
  /** How far its clock is ahead, ms. */
  readonly aheadMs?: number;
  /** The port of its RTSP server, and the path. */
  readonly rtsp?: { readonly port: number; readonly path: string };
}

/** Behind a router, cameras name addresses that nobody else knows. */
const INSIDE = "192.0.2.64";
const TOKEN_MS = 60_000;

/** A small ONVIF camera on a free port of this machine: the four calls that lead to a stream, and its login. */
export async function onvifDevice(
  t: TestContext,
  { login, aheadMs = 0, rtsp = { port: 554, path: "/main" } }: DeviceOptions = {},
) {
  const calls: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const [, call = ""] = /<s:Body><(\w+)/.exec(body) ?? [];
    calls.push(call);
    const isFree = call === "GetSystemDateAndTime";
    const answer =
      login && !isFree && !isLogin(body, login, aheadMs) ? REFUSED : answers(call, body);
    response.writeHead(answer === REFUSED ? 400 : 200, { "Content-Type": "application/soap+xml" });
    response.end(envelope(answer));
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;

  const answers = (call: string, body: string): string => {
    if (call === "GetSystemDateAndTime") return clock(new Date(Date.now() + aheadMs));
    if (call === "GetCapabilities")
      return `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>http://${INSIDE}:${port}/onvif/Media</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>`;
    if (call === "GetProfiles")
      return `<trt:GetProfilesResponse>${[
        ["Profile_1", "mainStream", 1920, 1080],
        ["Profile_2", "sub &amp; small", 640, 480],
      ]
        .map(profile)
        .join(
          "",
        )}<trt:Profiles token="Metadata" fixed="true"><tt:Name>metadata</tt:Name></trt:Profiles></trt:GetProfilesResponse>`;
    const [, wanted] = /<ProfileToken>([^<]*)/.exec(body) ?? [];
    const uri = `rtsp://${INSIDE}:${rtsp.port}${rtsp.path}?profile=${wanted}&amp;unicast=true`;
    return `<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>${uri}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect></trt:MediaUri></trt:GetStreamUriResponse>`;
  };
  return { url: `http://127.0.0.1:${port}/onvif/device_service`, host: `127.0.0.1:${port}`, calls };
}

const REFUSED = `<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>ter:NotAuthorized</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text>Sender not Authorized</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>`;

function envelope(body: string): string {
  return `<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:ter="http://www.onvif.org/ver10/error"><SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

function clock(date: Date): string {
  const time = `<tt:Time><tt:Hour>${date.getUTCHours()}</tt:Hour><tt:Minute>${date.getUTCMinutes()}</tt:Minute><tt:Second>${date.getUTCSeconds()}</tt:Second></tt:Time>`;
  const day = `<tt:Date><tt:Year>${date.getUTCFullYear()}</tt:Year><tt:Month>${date.getUTCMonth() + 1}</tt:Month><tt:Day>${date.getUTCDate()}</tt:Day></tt:Date>`;
  return `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType><tt:UTCDateTime>${time}${day}</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`;
}

function profile([token, name, width, height]: readonly (string | number)[]): string {
  return `<trt:Profiles token="${token}" fixed="true"><tt:Name>${name}</tt:Name><tt:VideoEncoderConfiguration token="e"><tt:Name>encoder</tt:Name><tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>`;
}

/** Whether a request has this login, made by a clock that agrees with the camera's. */
function isLogin(
  body: string,
  login: NonNullable<DeviceOptions["login"]>,
  aheadMs: number,
): boolean {
  const part = (name: string) => new RegExp(`<${name}(?: [^>]*)?>([^<]*)<`).exec(body)?.[1] ?? "";
  const created = part("Created");
  const off = Math.abs(Date.parse(created) - Date.now() - aheadMs);
  const digest = createHash("sha1")
    .update(Buffer.from(part("Nonce"), "base64"))
    .update(created)
    .update(login.password)
    .digest("base64");
  return part("Username") === login.username && part("Password") === digest && off < TOKEN_MS;
}
