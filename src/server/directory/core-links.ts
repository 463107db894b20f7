import { prefixOf } from "../http/origin.ts";
import type { Route } from "../http/route.ts";

const LINK_TYPE = "application/link-format";
/** The number of `application/td+json` among CoAP's content formats. */
const TD_CONTENT_FORMAT = 432;

interface CoreLink {
  readonly href: string;
  readonly rt: string;
  readonly title?: string;
}

/**
 * `/.well-known/core`: where the descriptions are, for programs that look for resources as in CoAP.
 * @see RFC 6690, Constrained RESTful Environments (CoRE) Link Format; WoT Discovery, 6.3.
 */
export function coreLinksRoute(titles: () => ReadonlyMap<string, string>, prefix: string): Route {
  const links = (): CoreLink[] => [
    { href: "/.well-known/wot", rt: "wot.directory" },
    ...[...titles()].map(([name, title]) => ({
      href: `${prefix}/${name}/`,
      rt: "wot.thing",
      title,
    })),
  ];
  return {
    method: "GET",
    path: "/.well-known/core",
    role: "view",
    summary: "Links to the Thing Descriptions, in CoRE Link Format",
    response: { status: 200, contentType: LINK_TYPE },
    handle: async ({ query, request }) => ({
      status: 200,
      body: links()
        .map((link) => ({ ...link, href: prefixOf(request) + link.href }))
        .filter(({ rt, href }) => fits(rt, query.get("rt")) && fits(href, query.get("href")))
        .map(textOf)
        .join(","),
      contentType: LINK_TYPE,
    }),
  };
}

/** A filter may end with `*`. @see RFC 6690, 4.1. */
function fits(value: string, filter: string | null): boolean {
  if (filter === null) return true;
  return filter.endsWith("*") ? value.startsWith(filter.slice(0, -1)) : value === filter;
}

function textOf({ href, rt, title }: CoreLink): string {
  const quoted = title && `;title="${title.replace(/["\\]/g, "\\$&")}"`;
  return `<${href}>;rt="${rt}";ct=${TD_CONTENT_FORMAT}${quoted ?? ""}`;
}
