// A drawing that the mouse and the keyboard can zoom, move and choose in. What is drawn is said by who makes it.
import { el } from './dom.ts';

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface PictureActs {
  /** A frame was drawn with the mouse. */
  readonly frame: (from: Place, to: Place) => void;
  readonly click: (at: Place) => void;
  /** What is there, in words; '' for nothing. */
  readonly tip: (at: Place) => string;
  /** By a factor around a place; below 1 shows more. */
  readonly zoom: (factor: number, around: number | undefined) => void;
  /** By a part of what is shown. */
  readonly move: (part: number) => void;
  readonly reset: () => void;
  /** Keys that are not about zoom; true where it was one. */
  readonly key: (event: KeyboardEvent) => boolean;
}

/** Pixels that a mouse moves while it clicks. */
const CLICK = 4;

export class PictureCanvas {
  readonly canvas: HTMLCanvasElement;
  readonly root: HTMLElement;
  readonly #acts: PictureActs;
  readonly #tip = el('div', { class: 'tip', 'aria-hidden': 'true', hidden: true });
  #from: Place | undefined;
  #to: Place | undefined;
  #draw: () => void;
  #asked = false;

  constructor(label: string, describedBy: string, acts: PictureActs, draw: () => void) {
    this.#acts = acts;
    this.#draw = draw;
    this.canvas = el('canvas', {
      tabindex: '0',
      role: 'application',
      'aria-roledescription': 'picture',
      'aria-label': label,
      'aria-describedby': describedBy,
    });
    this.root = el('div', { class: 'picture' }, this.canvas);
    document.body.append(this.#tip);
    this.#listen();
    new ResizeObserver(() => this.redraw()).observe(this.root);
  }

  /** Draws when the browser next shows something. */
  redraw(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
  }

  /** Cleared, with one unit a CSS pixel. */
  begin(height: number): { context: CanvasRenderingContext2D; width: number } | undefined {
    const width = this.root.clientWidth;
    const scale = devicePixelRatio;
    const { canvas } = this;
    canvas.style.height = `${height}px`;
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.round(height * scale);
    const context = canvas.getContext('2d');
    if (context === null || width === 0) return undefined;
    context.scale(scale, scale);
    return { context, width };
  }

  /** The frame that is being drawn. */
  drawFrame(context: CanvasRenderingContext2D, colour: string): void {
    if (this.#from === undefined || this.#to === undefined) return;
    context.strokeStyle = colour;
    context.setLineDash([4, 3]);
    context.strokeRect(this.#from.x, this.#from.y, this.#to.x - this.#from.x, this.#to.y - this.#from.y);
    context.setLineDash([]);
  }

  #placeOf(event: MouseEvent): Place {
    const { left, top } = this.canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #listen(): void {
    const { canvas } = this;
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      this.#from = this.#placeOf(event);
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      const at = this.#placeOf(event);
      if (this.#from !== undefined) {
        this.#to = at;
        this.redraw();
      }
      this.#showTip(this.#from === undefined ? this.#acts.tip(at) : '', event);
    });
    canvas.addEventListener('pointerup', (event) => {
      const from = this.#from;
      const to = this.#placeOf(event);
      this.#from = undefined;
      this.#to = undefined;
      if (from === undefined) return;
      if (Math.hypot(to.x - from.x, to.y - from.y) < CLICK) this.#acts.click(to);
      else this.#acts.frame(from, to);
      this.redraw();
    });
    canvas.addEventListener('pointercancel', () => {
      this.#from = undefined;
      this.#to = undefined;
    });
    canvas.addEventListener('pointerleave', () => {
      this.#tip.hidden = true;
    });
    canvas.addEventListener('dblclick', () => this.#acts.reset());
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener('keydown', (event) => this.#key(event));
    for (const name of ['focus', 'blur']) canvas.addEventListener(name, () => this.redraw());
  }

  #wheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      this.#acts.zoom(event.deltaY < 0 ? 1.4 : 1 / 1.4, this.#placeOf(event).x);
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      this.#acts.move(event.deltaX / Math.max(1, this.root.clientWidth));
    }
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key, shiftKey } = event;
    if (key === '+' || key === '=') this.#acts.zoom(1.6, undefined);
    else if (key === '-') this.#acts.zoom(1 / 1.6, undefined);
    else if (key === '0') this.#acts.reset();
    else if (shiftKey && key === 'ArrowLeft') this.#acts.move(-0.25);
    else if (shiftKey && key === 'ArrowRight') this.#acts.move(0.25);
    else if (!this.#acts.key(event)) return;
    event.preventDefault();
  }

  #showTip(text: string, event: MouseEvent): void {
    this.#tip.hidden = text === '';
    if (text === '') return;
    this.#tip.textContent = text;
    const { innerWidth, innerHeight } = window;
    this.#tip.style.left = `${Math.max(0, Math.min(event.clientX + 14, innerWidth - this.#tip.offsetWidth - 8))}px`;
    this.#tip.style.top = `${Math.max(0, Math.min(event.clientY + 14, innerHeight - this.#tip.offsetHeight - 8))}px`;
  }
}
