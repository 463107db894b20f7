/** An element with attributes, properties of its dataset as `data`, listeners as `on`, and children: text is never markup. */
export function h(tag, { data = {}, on = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false && value !== null)
      element.setAttribute(name, value);
  }
  Object.assign(element.dataset, data);
  for (const [name, listener] of Object.entries(on)) element.addEventListener(name, listener);
  const given = children.flat(Number.POSITIVE_INFINITY);
  element.append(
    ...given.filter((child) => child !== undefined && child !== false && child !== ""),
  );
  return element;
}

/** Puts a text where it is not already: an element that is written to all the time cannot be selected. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
