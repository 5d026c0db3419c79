// Elements, made with text only: nothing of a trace is ever parsed as markup.

export type Child = Node | string | number | undefined;

export interface Props {
  readonly on?: Partial<Record<keyof HTMLElementEventMap, (event: Event) => void>>;
  readonly [attribute: string]: unknown;
}

/** Attributes that are undefined or false are left out; true is an empty one. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, props);
  for (const [name, listener] of Object.entries(props.on ?? {})) element.addEventListener(name, listener);
  append(element, children);
  return element;
}

export function svg(tag: string, props: Props = {}, ...children: readonly Child[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  setAttributes(element, props);
  append(element, children);
  return element;
}

function setAttributes(element: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (name === 'on' || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined) continue;
    element.append(typeof child === 'object' ? child : String(child));
  }
}

export function replaceChildren(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** What a screen reader is to say now. */
export function announce(text: string): void {
  const region = document.getElementById('live');
  if (region !== null) region.textContent = text;
}
