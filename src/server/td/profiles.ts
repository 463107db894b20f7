const PROFILES = "https://www.w3.org/2022/wot/profile";

/** What a Thing Description says of one way to log in. */
export interface SecurityScheme {
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

function isKnownToAll({ scheme, in: place = "header", name }: SecurityScheme): boolean {
  if (scheme === "basic") return place === "header" && name === "Authorization";
  return scheme === "nosec" || scheme === "oauth2";
}
