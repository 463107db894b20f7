/** What a Thing Description says of how to log in. */
export interface Security {
  readonly securityDefinitions: Readonly<Record<string, SecurityScheme>>;
  readonly security: string;
}

/**
 * HTTP Basic alone where somebody has to log in: a token goes there too, every consumer knows it, and node-wot
 * understands no description that gives a choice.
 * @see WoT Profiles 1.0, WD 2025-09-30, 5.3 Security: the name has to be said.
 */
export function securityFor(hasLogin: boolean): Security {
  return hasLogin ? BASIC : NO_SECURITY;
}

/** Whether somebody has to log in. */
export function needsLogin({ securityDefinitions }: Security): boolean {
  return Object.values(securityDefinitions).every(({ scheme }) => scheme !== "nosec");
}

const PROFILES = "https://www.w3.org/2022/wot/profile";

/** What a Thing Description says of one way to log in. */
interface SecurityScheme {
  readonly scheme: string;
  readonly in?: string;
  readonly name?: string;
  readonly description?: string;
}

/**
 * The WoT Profiles that a Thing may claim: they demand a way in that every consumer knows. With a bearer token or a
 * cookie alone there is none.
 *
 * @param definitions - The `securityDefinitions` of its description, none of which need be used with another.
 * @param hasWebhooks - Whether everything that it tells can be had by webhook.
 * @see WoT Profiles 1.0, WD 2025-09-30, 5.3 Security.
 */
export function profilesFor(
  definitions: Readonly<Record<string, SecurityScheme>>,
  { hasWebhooks = false } = {},
): readonly string[] {
  if (!Object.values(definitions).some(isKnownToAll)) return [];
  const webhooks = hasWebhooks ? [`${PROFILES}/http-webhook/v1`] : [];
  return [`${PROFILES}/http-basic/v1`, `${PROFILES}/http-sse/v1`, ...webhooks];
}

const NO_SECURITY: Security = {
  securityDefinitions: { no_security: { scheme: "nosec", description: "No security" } },
  security: "no_security",
};

const BASIC: Security = {
  securityDefinitions: {
    basic: {
      scheme: "basic",
      in: "header",
      name: "Authorization",
      description: "A user's name and password, or any name and a token in place of the password",
    },
  },
  security: "basic",
};

function isKnownToAll({ scheme, in: place = "header", name }: SecurityScheme): boolean {
  if (scheme === "basic") return place === "header" && name === "Authorization";
  return scheme === "nosec" || scheme === "oauth2";
}
