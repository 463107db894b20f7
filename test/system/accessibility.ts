import assert from "node:assert/strict";
import axe from "axe-core";
import type { Page } from "playwright-core";

const MOST_TOLD = 10;
/** Those that axe-core applies unless asked for more. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

/** One element that breaks a rule, in a line. */
function lineOf(rule: axe.Result): string[] {
  return rule.nodes.map(({ target, failureSummary = "" }) => {
    const why = failureSummary.replace(/\s+/g, " ");
    return `${rule.id} (${rule.impact}): ${target.flat().join(" ")}: ${why}`;
  });
}

/**
 * @param rules - Those about colours are what another theme can break.
 * @throws {AssertionError} that names each element of the page which axe-core finds fault with, shadow trees included.
 */
export async function assertAccessible(
  page: Page,
  what: string,
  rules: "all" | "colours" = "all",
): Promise<void> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate(
    `axe.run(document, ${JSON.stringify({
      resultTypes: ["violations"],
      ...(rules === "colours" && { runOnly: COLOUR_RULES }),
    })})`,
  )) as axe.AxeResults;
  assert.deepEqual(
    found.violations.flatMap(lineOf).slice(0, MOST_TOLD),
    [],
    `Accessibility of ${what}`,
  );
}
