// The axis that timeline and VA space share: what of it is shown, and how it is drawn.
import type { Palette } from './colours.ts';
import type { AxisName, Trace } from './trace.ts';
import type { View, Views } from './view.ts';

export interface Axis {
  readonly name: AxisName;
  readonly from: number;
  readonly to: number;
  /** Pixels. */
  readonly left: number;
  readonly width: number;
}

export const AXIS_HEIGHT = 22;

export function axisNameOf(view: View, trace: Trace): AxisName {
  return view.axis === 'time' && trace.hasTime ? 'time' : 'line';
}

/** All of the axis, with some room at both ends. */
export function wholeOf(trace: Trace, name: AxisName): [number, number] {
  const from = trace.at(trace.firstLine, name);
  const to = Math.max(from + 1, trace.at(trace.lastLine, name));
  const room = (to - from) * 0.01;
  return [from - room, to + room];
}

export function axisOf(view: View, trace: Trace, left: number, width: number): Axis {
  const name = axisNameOf(view, trace);
  const [from, to] = view.zoom ?? wholeOf(trace, name);
  return { name, from, to, left, width: Math.max(1, width) };
}

export function xOf({ from, to, left, width }: Axis, value: number): number {
  return left + ((value - from) / (to - from)) * width;
}

export function valueAt({ from, to, left, width }: Axis, x: number): number {
  return from + ((x - left) / width) * (to - from);
}

/** Zoomed so far that a pixel is less than a thousandth of a unit says nothing more. */
const LEAST = 0.5;

/** What is shown is this part of the axis, as far as there is one. */
export function show(views: Views, trace: Trace, from: number, to: number): void {
  const [least, most] = wholeOf(trace, axisNameOf(views.now, trace));
  const width = Math.min(most - least, Math.max(LEAST, to - from));
  const start = Math.min(Math.max(least, from), most - width);
  const isWhole = width >= (most - least) * 0.999;
  views.set({ zoom: isWhole ? undefined : [rounded(start), rounded(start + width)] });
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

export function zoomBy(views: Views, trace: Trace, factor: number, around: number | undefined): void {
  const { from, to } = axisOf(views.now, trace, 0, 1);
  const middle = around ?? (from + to) / 2;
  show(views, trace, middle - (middle - from) / factor, middle + (to - middle) / factor);
}

export function moveBy(views: Views, trace: Trace, part: number): void {
  const { from, to } = axisOf(views.now, trace, 0, 1);
  show(views, trace, from + part * (to - from), to + part * (to - from));
}

/** Marks at round places, with words. */
export function drawAxis(
  context: CanvasRenderingContext2D,
  axis: Axis,
  trace: Trace,
  colours: Palette,
  height: number,
): void {
  const { from, to, left, width, name } = axis;
  const step = roundStep((to - from) / Math.max(2, width / 110));
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  for (let value = Math.ceil(from / step) * step; value <= to; value += step) {
    const x = xOf(axis, value);
    context.strokeStyle = colours.line;
    context.beginPath();
    context.moveTo(Math.round(x) + 0.5, AXIS_HEIGHT - 4);
    context.lineTo(Math.round(x) + 0.5, height);
    context.stroke();
    const text = trace.axisText(value, name);
    const half = context.measureText(text).width / 2;
    if (x - half < left || x + half > left + width) continue;
    context.fillStyle = colours.dim;
    context.fillText(text, x, AXIS_HEIGHT / 2 - 1);
  }
  context.textAlign = 'left';
}

function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(step, 1e-9)));
  return ([1, 2, 5, 10].find((factor) => factor * power >= step) ?? 10) * power;
}
