import { noChange } from "lit";
import { Directive, directive, type ElementPart, type PartInfo, PartType } from "lit/directive.js";

type Declarations = Readonly<Record<string, string | undefined>>;

/**
 * Sets style declarations of an element, `<div ${styled({ width: "20px" })}>`, and removes those that are undefined. lit's
 * `styleMap` writes a style attribute at first, which our Content-Security-Policy forbids.
 */
class Styled extends Directive {
  #before: Declarations = {};

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error("`styled` stands in an element's tag.");
  }

  override render(_: Declarations): unknown {
    return noChange;
  }

  override update({ element }: ElementPart, [declarations]: [Declarations]): unknown {
    if (!(element instanceof HTMLElement || element instanceof SVGElement)) return noChange;
    for (const name of Object.keys({ ...this.#before, ...declarations })) {
      const value = declarations[name];
      if (value === this.#before[name]) continue;
      if (value === undefined) element.style.removeProperty(name);
      else element.style.setProperty(name, value);
    }
    this.#before = declarations;
    return noChange;
  }
}

export const styled = directive(Styled);
