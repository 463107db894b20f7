import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { closeBehindKeyboard, giveKeyboardBack, popover } from "../style/popover.ts";
import { shared } from "../style/shared.ts";
import { Underway } from "../style/underway.ts";
import { account, type SignedAddress } from "../things/account.ts";
import { sentenceOf } from "../things/sentence-of.ts";
import type { Stream } from "../things/server.ts";
import "./copy-field.ts";

interface Address {
  readonly name: string;
  readonly what: string;
  /** What follows the address of the stream. */
  readonly path?: string;
  readonly query?: string;
}

const ADDRESSES: readonly Address[] = [
  { name: "Stream", what: "for <img>, OctoPrint, Home Assistant, VLC" },
  { name: "Smaller stream", what: "for a phone", query: "width=640&fps=10&quality=70" },
  { name: "Still", what: "the newest frame, as a JPEG", path: "/snapshot" },
];

/** Where other programs and pages find the picture that is shown. */
@customElement("picture-addresses")
export class PictureAddresses extends LitElement {
  static override styles = [
    shared,
    popover,
    css`
      .small {
        min-height: 28px;
        padding: 0 10px;
        font-size: 12px;
      }
      [popover] {
        inset: 96px auto auto 12px;
        width: min(460px, calc(100vw - 24px));
        max-height: calc(100dvh - 108px);
      }
      [popover]:popover-open {
        gap: 12px;
      }
      p + copy-field {
        margin-top: 4px;
      }
    `,
  ];
  @property({ attribute: false }) accessor stream: Stream | undefined;
  /** What opens pictures without a login, by the path of the stream that follows. */
  @state() accessor signed: ReadonlyMap<string, string> = new Map();
  @state() accessor expires = "";
  @state() accessor problem = "";
  readonly #signing = new Underway(this);

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("stream") && changed.get("stream")?.url !== this.stream?.url)
      this.signed = new Map();
  }

  override render() {
    return html`
      <button class="small" popovertarget="addresses">Address</button>
      <div
        id="addresses" popover role="dialog" aria-label="Address of this picture"
        @beforetoggle=${giveKeyboardBack} @focusout=${closeBehindKeyboard}
      >
        <h2>Address of this picture</h2>
        ${ADDRESSES.map(
          (address) => html`<div>
            <p><strong>${address.name}</strong> <span class="quiet">${address.what}</span></p>
            <copy-field .name=${address.name} .value=${this.#urlOf(address)}></copy-field>
          </div>`,
        )}
        ${account.hasLogin ? this.#login() : nothing}
        ${this.problem && html`<p class="problem" role="alert">${this.problem}</p>`}
        ${
          isLoopback(location.hostname)
            ? html`<p class="quiet">Only this computer reaches ${location.hostname}. For others, start the server with
                <code>thingscope serve --lan</code>, and open its page by the address that it prints.</p>`
            : nothing
        }
        <p><a href="${this.stream?.url ?? ""}/viewer" target="_blank">A page with this picture alone</a></p>
      </div>
    `;
  }

  #login() {
    const isSigning = this.#signing.has();
    return this.signed.size > 0
      ? html`<p class="quiet">Whoever has these addresses sees the picture without a login, until ${new Date(this.expires).toLocaleDateString()}.</p>`
      : html`<p class="quiet">A program needs a token for them, which OctoPrint and &lt;img&gt; cannot send.</p>
          <button aria-disabled=${isSigning || nothing} @click=${() => this.#signing.run(this.#sign)}>
            ${isSigning ? "Making the addresses" : "Make addresses that need no login"}
          </button>`;
  }

  #urlOf({ path = "", query }: Address): string {
    const url = new URL(
      this.signed.get(path) ?? `${this.stream?.url ?? ""}${path}`,
      document.baseURI,
    );
    for (const [name, value] of new URLSearchParams(query)) url.searchParams.set(name, value);
    return url.href;
  }

  /** For as long as the server gives it, or a day: a login that ends sooner signs for no longer. */
  #signed(url: string): Promise<SignedAddress> {
    return account.sign(url, 30).catch(() => account.sign(url, 1));
  }

  readonly #sign = async (): Promise<void> => {
    const { stream } = this;
    if (!stream) return;
    this.problem = "";
    try {
      const paths = [...new Set(ADDRESSES.map(({ path = "" }) => path))];
      const made = await Promise.all(paths.map((path) => this.#signed(`${stream.url}${path}`)));
      if (stream.url !== this.stream?.url) return; // another picture is shown by now
      const hadKeyboard = this.shadowRoot?.activeElement?.localName === "button";
      this.signed = new Map(paths.map((path, n) => [path, made[n]!.url]));
      this.expires = made[0]!.expires;
      if (hadKeyboard) this.renderRoot.querySelector<HTMLElement>("copy-field")?.focus();
    } catch (error) {
      this.problem = sentenceOf(error);
    }
  };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\./.test(host);
}
