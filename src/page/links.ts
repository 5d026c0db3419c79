// Links within the page, and commands to copy.
import { announce, type Child, el } from './dom.ts';
import type { View, Views } from './view.ts';

/** `then`: after the view has changed, such as to move the focus there. */
export function viewLink(views: Views, change: Partial<View>, text: Child, then?: () => void): HTMLAnchorElement {
  const click = (event: Event) => {
    if (event instanceof MouseEvent && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
    event.preventDefault();
    views.set(change, true);
    then?.();
  };
  const link = el('a', { href: views.link(change), on: { click } }, text);
  // What the link restores is what is looked at when it is followed.
  link.addEventListener('contextmenu', () => link.setAttribute('href', views.link(change)));
  return link;
}

export function command(text: string, what: string): HTMLElement {
  const code = el('code', { tabindex: '0', role: 'textbox', 'aria-readonly': 'true', 'aria-label': what }, text);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      announce('copied');
    } catch {
      getSelection()?.selectAllChildren(code);
      announce('selected: copy it with the keyboard');
    }
  };
  const button = el('button', { type: 'button', 'aria-label': `copy: ${what}`, on: { click: copy } }, 'Copy');
  return el('div', { class: 'command' }, code, button);
}

/** Where the reader is taken. */
export function goTo(id: string): void {
  const target = document.getElementById(id);
  target?.focus({ preventScroll: true });
  target?.scrollIntoView({ block: 'start' });
}
