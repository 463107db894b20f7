import { elementIn, elementsIn, escapedXml, textIn } from "./soap.ts";

/** How fast, or where to: -1 to 1 for pan and tilt; zoom -1 to 1 as a speed, 0 to 1 as a place. What is absent does not move. */
export interface PtzVector {
  readonly pan?: number;
  readonly tilt?: number;
  readonly zoom?: number;
}

/** A place that the head knows by name. */
export interface PtzPreset {
  readonly token: string;
  readonly name: string;
}

type Ask = (body: string, signal: AbortSignal) => Promise<string>;

const PTZ = "http://www.onvif.org/ver20/ptz/wsdl";
const SCHEMA = "http://www.onvif.org/ver10/schema";
const MOST_PRESETS = 256;

/** A head that turns, by ONVIF's PTZ service. */
export class OnvifPtz {
  readonly #token: string;
  readonly #ask: Ask;
  #presets: readonly PtzPreset[] = [];

  private constructor(token: string, ask: Ask) {
    this.#token = token;
    this.#ask = ask;
  }

  /** @param token - Of a profile that has a PTZ configuration. */
  static async of(token: string, ask: Ask, signal: AbortSignal): Promise<OnvifPtz> {
    const ptz = new OnvifPtz(token, ask);
    await ptz.readPresets(signal).catch(() => []); // some heads have none
    return ptz;
  }

  /** As they were read last. */
  get presets(): readonly PtzPreset[] {
    return this.#presets;
  }

  async readPresets(signal: AbortSignal): Promise<readonly PtzPreset[]> {
    const xml = await this.#call("GetPresets", "", signal);
    this.#presets = elementsIn(xml, "Preset", MOST_PRESETS).flatMap(({ attributes, content }) => {
      const token = /\btoken="([^"]*)"/.exec(attributes)?.[1];
      return token === undefined ? [] : [{ token, name: textIn(content, "Name") || token }];
    });
    return this.#presets;
  }

  /** Turns for some seconds, or until it is stopped. */
  async turn(speed: PtzVector, seconds: number, signal: AbortSignal): Promise<void> {
    const body = `<Velocity>${vector(speed)}</Velocity><Timeout>PT${seconds}S</Timeout>`;
    await this.#call("ContinuousMove", body, signal);
  }

  async moveTo(position: PtzVector, signal: AbortSignal): Promise<void> {
    await this.#call("AbsoluteMove", `<Position>${vector(position)}</Position>`, signal);
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#call("Stop", "<PanTilt>true</PanTilt><Zoom>true</Zoom>", signal);
  }

  async goTo(preset: PtzPreset, signal: AbortSignal): Promise<void> {
    const body = `<PresetToken>${escapedXml(preset.token)}</PresetToken>`;
    await this.#call("GotoPreset", body, signal);
  }

  /** Keeps the present place under a name. */
  async keep(name: string, signal: AbortSignal): Promise<void> {
    const known = this.#presets.find((one) => one.name === name);
    const token = known ? `<PresetToken>${escapedXml(known.token)}</PresetToken>` : "";
    await this.#call("SetPreset", `<PresetName>${escapedXml(name)}</PresetName>${token}`, signal);
    await this.readPresets(signal);
  }

  /** Where it is; empty for one that does not say. */
  async position(signal: AbortSignal): Promise<PtzVector> {
    const xml = await this.#call("GetStatus", "", signal);
    const place = elementIn(xml, "Position");
    const number = (element: string, name: string) => {
      const tag = new RegExp(`<${element}\\s[^>]*>`).exec(place)?.[0] ?? "";
      const value = Number.parseFloat(new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? "");
      return Number.isFinite(value) ? value : undefined;
    };
    const [pan, tilt, zoom] = [number("PanTilt", "x"), number("PanTilt", "y"), number("Zoom", "x")];
    return {
      ...(pan !== undefined && { pan }),
      ...(tilt !== undefined && { tilt }),
      ...(zoom !== undefined && { zoom }),
    };
  }

  #call(name: string, body: string, signal: AbortSignal): Promise<string> {
    const profile = `<ProfileToken>${escapedXml(this.#token)}</ProfileToken>`;
    return this.#ask(`<${name} xmlns="${PTZ}">${profile}${body}</${name}>`, signal);
  }
}

function vector({ pan, tilt, zoom }: PtzVector): string {
  const turns = pan !== undefined || tilt !== undefined;
  return [
    turns ? `<PanTilt xmlns="${SCHEMA}" x="${pan ?? 0}" y="${tilt ?? 0}"/>` : "",
    zoom === undefined ? "" : `<Zoom xmlns="${SCHEMA}" x="${zoom}"/>`,
  ].join("");
}
