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
  /** Its snapshot, which wants the login by HTTP Digest where there is one; without, it offers none. */
  readonly snapshot?: Uint8Array;
  /** Whether its head turns. */
  readonly hasPtz?: boolean;
}

/** Behind a router, cameras name addresses that nobody else knows. */
const INSIDE = "192.0.2.64";
const TOKEN_MS = 60_000;

/** A small ONVIF camera on a free port of this machine: the calls that lead to a stream and a snapshot, PTZ, and its login. */
export async function onvifDevice(
  t: TestContext,
  { login, aheadMs = 0, rtsp = { port: 554, path: "/main" }, ...offers }: DeviceOptions = {},
) {
  const calls: string[] = [];
  const head = new FakeHead();
  const server = createServer(async (request, response) => {
    if (request.url?.startsWith("/snapshot")) {
      const isLoggedIn = !login || /^Digest .*response=/.test(request.headers.authorization ?? "");
      const wanted = { "WWW-Authenticate": 'Digest realm="snapshots", nonce="n", qop="auth"' };
      response.writeHead(isLoggedIn ? 200 : 401, isLoggedIn ? {} : wanted);
      response.end(isLoggedIn ? offers.snapshot : "");
      return;
    }
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
      return `<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>http://${INSIDE}:${port}/onvif/Media</tt:XAddr></tt:Media>${offers.hasPtz ? `<tt:PTZ><tt:XAddr>http://${INSIDE}:${port}/onvif/PTZ</tt:XAddr></tt:PTZ>` : ""}</tds:Capabilities></tds:GetCapabilitiesResponse>`;
    if (call === "GetProfiles")
      return `<trt:GetProfilesResponse>${[
        ["Profile_1", "mainStream", 1920, 1080],
        ["Profile_2", "sub &amp; small", 640, 480],
      ]
        .map((one) => profile(one, offers.hasPtz))
        .join(
          "",
        )}<trt:Profiles token="Metadata" fixed="true"><tt:Name>metadata</tt:Name></trt:Profiles></trt:GetProfilesResponse>`;
    if (call === "GetSnapshotUri")
      return offers.snapshot
        ? `<trt:GetSnapshotUriResponse><trt:MediaUri><tt:Uri>http://${INSIDE}:${port}/snapshot.jpg</tt:Uri></trt:MediaUri></trt:GetSnapshotUriResponse>`
        : fault("ter:ActionNotSupported", "Optional Action Not Implemented");
    const moved = head.answer(call, body);
    if (moved !== undefined) return moved;
    const [, wanted] = /<ProfileToken>([^<]*)/.exec(body) ?? [];
    const uri = `rtsp://${INSIDE}:${rtsp.port}${rtsp.path}?profile=${wanted}&amp;unicast=true`;
    return `<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>${uri}</tt:Uri><tt:InvalidAfterConnect>false</tt:InvalidAfterConnect></trt:MediaUri></trt:GetStreamUriResponse>`;
  };
  return {
    url: `http://127.0.0.1:${port}/onvif/device_service`,
    host: `127.0.0.1:${port}`,
    calls,
    head,
  };
}

/** A head that turns, as ONVIF's PTZ service (ver20) describes it. */
class FakeHead {
  /** What it was told, as element and attributes. */
  readonly told: string[] = [];
  readonly presets = new Map([["1", "Door & gate"]]);

  answer(call: string, body: string): string | undefined {
    const response = (inner = "") => `<tptz:${call}Response>${inner}</tptz:${call}Response>`;
    if (call === "GetPresets")
      return response(
        [...this.presets]
          .map(
            ([token, name]) =>
              `<tptz:Preset token="${token}"><tt:Name>${name.replace("&", "&amp;")}</tt:Name></tptz:Preset>`,
          )
          .join(""),
      );
    if (call === "GetStatus")
      return response(
        '<tptz:PTZStatus><tt:Position><tt:PanTilt x="0.25" y="-0.5" space="s"/><tt:Zoom x="0.1"/></tt:Position></tptz:PTZStatus>',
      );
    if (!["ContinuousMove", "AbsoluteMove", "Stop", "GotoPreset", "SetPreset"].includes(call))
      return undefined;
    const values = body.match(/\b[xy]="[^"]*"|PT[\d.]+S|<Preset\w+>[^<]*/g) ?? [];
    this.told.push([call, ...values].join(" "));
    if (call === "SetPreset") {
      const [, name = ""] = /<PresetName>([^<]*)/.exec(body) ?? [];
      this.presets.set("2", name);
    }
    if (call === "AbsoluteMove" && body.includes('x="1"'))
      return fault("ter:InvalidPosition", "The requested position is out of bounds.");
    return response();
  }
}

const REFUSED = fault("ter:NotAuthorized", "Sender not Authorized");

function fault(code: string, words: string): string {
  return `<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Sender</SOAP-ENV:Value><SOAP-ENV:Subcode><SOAP-ENV:Value>${code}</SOAP-ENV:Value></SOAP-ENV:Subcode></SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">${words}</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>`;
}

function envelope(body: string): string {
  return `<?xml version="1.0"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tptz="http://www.onvif.org/ver20/ptz/wsdl" xmlns:ter="http://www.onvif.org/ver10/error"><SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

function clock(date: Date): string {
  const time = `<tt:Time><tt:Hour>${date.getUTCHours()}</tt:Hour><tt:Minute>${date.getUTCMinutes()}</tt:Minute><tt:Second>${date.getUTCSeconds()}</tt:Second></tt:Time>`;
  const day = `<tt:Date><tt:Year>${date.getUTCFullYear()}</tt:Year><tt:Month>${date.getUTCMonth() + 1}</tt:Month><tt:Day>${date.getUTCDate()}</tt:Day></tt:Date>`;
  return `<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType><tt:UTCDateTime>${time}${day}</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`;
}

function profile(
  [token, name, width, height]: readonly (string | number)[],
  hasPtz = false,
): string {
  const turns = hasPtz
    ? '<tt:PTZConfiguration token="p"><tt:Name>ptz</tt:Name></tt:PTZConfiguration>'
    : "";
  return `<trt:Profiles token="${token}" fixed="true"><tt:Name>${name}</tt:Name><tt:VideoEncoderConfiguration token="e"><tt:Name>encoder</tt:Name><tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration>${turns}</trt:Profiles>`;
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
