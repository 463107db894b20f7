import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import { shared } from "../style/shared.ts";
import { Following } from "../things/live-thing.ts";
import { sentenceOf } from "../things/sentence-of.ts";
import { server, Watching } from "../things/server.ts";
import { CAMERA_SNIPPETS, type CameraSnippet } from "./camera-snippets.ts";
import "./copy-field.ts";
import "./thing-lamp.ts";

/** Where there is no camera: what was looked for and found, and how to get a picture. */
@customElement("no-camera")
export class NoCamera extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        padding: 24px;
        font-size: 14px;
      }
      .all {
        display: grid;
        gap: 14px;
        max-width: 760px;
      }
      h1 {
        margin: 0;
        font-size: 20px;
        font-weight: 600;
      }
      ul {
        display: grid;
        gap: 6px;
        padding-left: 20px;
      }
      copy-field + copy-field {
        margin-top: 6px;
      }
      details {
        border-top: 1px solid var(--line);
        padding: 6px 0;
      }
      summary {
        min-height: 28px;
        cursor: pointer;
      }
    `,
  ];
  @state() accessor isLooking = false;
  /** What a search of the network has found. */
  @state() accessor found: readonly unknown[] | undefined;
  @state() accessor problem = "";
  readonly watching = new Watching(this, server);
  readonly #following = new Following(this);

  override willUpdate(): void {
    this.#following.thing = server.first("Cameras");
  }

  override render() {
    const failed = [...server.things.keys()].filter(
      (name) => server.lampOf(name).state === "failed",
    );
    return html`
      <div class="all">
        <h1>This server has no camera</h1>
        ${failed.map(
          (name) =>
            html`<p><strong>${name}</strong> <thing-lamp full .name=${name}></thing-lamp></p>`,
        )}
        ${this.#lookedFor()}
        <h2>Try it without a camera</h2>
        <p>
          The simulated microscope has a camera, a stage and an autofocus. Its pictures are marked
          SIMULATED.
        </p>
        <copy-field lines name="Command" value="thingscope serve --simulated"></copy-field>
        <h2>Serve a camera</h2>
        <p>
          Without a configuration <code>thingscope serve</code> serves what is plugged in.
          Otherwise add one of these to the configuration; a running server reloads it.
        </p>
        <div>${CAMERA_SNIPPETS.map(snippet)}</div>
      </div>
    `;
  }

  #lookedFor(): TemplateResult {
    const cameras = this.#following.thing;
    if (!cameras)
      return html`<p>
        It has the Things of its configuration, and none of them gives pictures.
        ${server.things.size === 0 ? "There is no Thing in it." : nothing}
      </p>`;
    const known = this.found ?? cameras.values.get("cameras")?.value;
    const list: readonly unknown[] = Array.isArray(known) ? known : [];
    return html`
      <p>
        It looked for webcams and Raspberry Pi cameras of this computer, and for machine vision
        cameras (GenICam)${this.found ? ", and on the network for ONVIF cameras and other Thingscope servers" : ""}.
        ${list.length === 0 ? "None was found." : "It found:"}
      </p>
      ${list.length > 0 ? html`<ul>${list.map((camera) => html`<li>${foundCamera(camera)}</li>`)}</ul>` : nothing}
      ${this.problem ? html`<p class="problem" role="alert">${this.problem}</p>` : nothing}
      <p>
        <button aria-disabled=${this.isLooking || nothing} @click=${this.#look}>
          ${this.isLooking ? "Looking" : "Look again, also on the network"}
        </button>
      </p>
    `;
  }

  readonly #look = async () => {
    if (this.isLooking) return;
    this.isLooking = true;
    this.problem = "";
    try {
      const found = await server.first("Cameras")?.client?.invoke("rescan", { network: true });
      this.found = Array.isArray(found) ? found : [];
    } catch (error) {
      this.problem = sentenceOf(error);
    }
    this.isLooking = false;
  };
}

function foundCamera(camera: unknown): TemplateResult {
  const { title, address, problem, thing } = Object(camera);
  const why = problem ?? (thing ? `It is the Thing ${thing}.` : "It is not served.");
  return html`<strong>${String(title)}</strong> at <code>${String(address)}</code>: ${String(why)}`;
}

function snippet({ kind, command, yaml }: CameraSnippet): TemplateResult {
  return html`<details>
    <summary>${kind}</summary>
    ${command ? html`<copy-field lines name="Command" .value=${command}></copy-field>` : nothing}
    <copy-field lines name="Configuration" .value=${yaml}></copy-field>
  </details>`;
}
