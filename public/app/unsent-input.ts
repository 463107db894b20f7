/** Fields in which something was typed that has not been sent yet. */
const typed = new Set<HTMLElement>();

addEventListener("input", (event) => {
  const [field] = event.composedPath();
  if (isText(field)) typed.add(field);
});
// A field that sets what it shows has sent it; a form's are sent together.
addEventListener("change", (event) => {
  const [field] = event.composedPath();
  const form = event.composedPath().find((element) => isForm(element));
  if (!form && field instanceof HTMLElement) typed.delete(field);
});
addEventListener("submit", (event) => {
  const path = event.composedPath();
  for (const field of typed) if (path.includes(formOf(field) ?? window)) typed.delete(field);
});

/** Whether something would be lost with the page. */
export function isBeingFilled(): boolean {
  for (const field of typed) if (!field.isConnected) typed.delete(field);
  return typed.size > 0;
}

function isText(target: EventTarget | undefined): target is HTMLElement {
  if (target instanceof HTMLTextAreaElement) return true;
  if (!(target instanceof HTMLInputElement)) return false;
  return /^(text|number|search|email|url|tel|password|date|time|datetime-local)$/.test(target.type);
}

function isForm(target: EventTarget): boolean {
  return target instanceof HTMLFormElement || /^ACTION-FORM$/.test(Object(target).nodeName);
}

/** The form around a field, through the shadow roots. */
function formOf(field: HTMLElement): EventTarget | undefined {
  let node: Node | null = field;
  while (node) {
    if (isForm(node)) return node;
    node = node instanceof ShadowRoot ? node.host : node.parentNode;
  }
  return undefined;
}
