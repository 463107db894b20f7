import type { SecurityScheme } from "./profiles.ts";

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
      description:
        "A user's name and password, or any name and a token in the place of the password",
    },
  },
  security: "basic",
};
