// The timeline: a lane a task, with its jobs, their lock passes, retries, holds and applies, and the findings on them.
import { AXIS_HEIGHT, type Axis, axisNameOf, axisOf, drawAxis, moveBy, show, valueAt, xOf, zoomBy } from './axis.ts';
import { PictureCanvas, type Place } from './canvas.ts';
import { type Palette, palette } from './colours.ts';
import { announce } from './dom.ts';
import type { AxisName, Trace } from './trace.ts';
import type { Views } from './view.ts';
import { counted } from './words.ts';

/** Of a row of jobs; jobs of one task that overlap are on rows of their own, as far as there are so many. */
const ROW = 30;
const MAX_ROWS = 4;
const BAR = 16;
const PINS = 12;
const LEFT = 128;
/** Lanes that are drawn on their own; further tasks share the last one. */
const MAX_LANES = 40;

interface Lane {
  readonly name: string;
  /** Jobs of one task by their begin. */
  readonly rows: readonly number[];
  /** The latest end up to there. */
  readonly ends: Float64Array;
  /** Which row each is drawn on, and how many there are. */
  readonly levels: Uint8Array;
  readonly depth: number;
  /** Jobs of others that this task applies. */
  readonly applies: readonly number[];
}

export class Timeline {
  readonly picture: PictureCanvas;
  readonly #trace: Trace;
  readonly #views: Views;
  readonly #open: (row: number) => void;
  readonly #lanes = new Map<AxisName, readonly Lane[]>();
  #drawn = 0;

  constructor(trace: Trace, views: Views, open: (row: number) => void) {
    this.#trace = trace;
    this.#views = views;
    this.#open = open;
    const label =
      'Timeline of tasks. Left and right choose a job, Enter opens it, plus and minus zoom, Shift with left and right moves, 0 shows all.';
    this.picture = new PictureCanvas(
      label,
      'timeline-help',
      {
        frame: (from, to) => this.#frame(from, to),
        click: (at) => this.#choose(this.#jobAt(at)),
        tip: (at) => this.#tip(this.#jobAt(at)),
        zoom: (factor, x) => zoomBy(views, trace, factor, x === undefined ? this.#middle() : valueAt(this.#axis, x)),
        move: (part) => moveBy(views, trace, part),
        reset: () => views.set({ zoom: undefined }),
        key: (event) => this.#key(event),
      },
      () => this.#draw(),
    );
  }

  get #axis(): Axis {
    return axisOf(this.#views.now, this.#trace, LEFT, this.picture.root.clientWidth - LEFT - 8);
  }

  #lanesOf(axis: AxisName): readonly Lane[] {
    const known = this.#lanes.get(axis);
    if (known !== undefined) return known;
    const { count, data } = this.#trace;
    const own: number[][] = data.tasks.map(() => []);
    const applied: number[][] = data.tasks.map(() => []);
    for (let row = 0; row < count; row++) {
      const task = this.#trace.cell('task', row);
      const applier = this.#trace.cell('applyTask', row);
      own[task]?.push(row);
      if (applier !== task) applied[applier]?.push(row);
    }
    const lanes = data.tasks.map((name, i) => this.#lane(axis, name, own[i] ?? [], applied[i] ?? []));
    const rest = lanes.slice(MAX_LANES - 1);
    const shown =
      lanes.length <= MAX_LANES
        ? lanes
        : [
            ...lanes.slice(0, MAX_LANES - 1),
            this.#lane(
              axis,
              counted(rest.length, 'more task'),
              rest.flatMap(({ rows }) => rows),
              [],
            ),
          ];
    this.#lanes.set(axis, shown);
    return shown;
  }

  #lane(axis: AxisName, name: string, rows: readonly number[], applies: readonly number[]): Lane {
    const starts = this.#trace.places('line', axis);
    const ends = this.#trace.places('end', axis);
    const sorted = [...rows].sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0));
    const latest = new Float64Array(sorted.length);
    const levels = new Uint8Array(sorted.length);
    const free: number[] = [];
    let most = Number.NEGATIVE_INFINITY;
    sorted.forEach((row, i) => {
      const end = ends[row] ?? 0;
      most = Math.max(most, end);
      latest[i] = most;
      const start = starts[row] ?? 0;
      const open = free.findIndex((until) => until <= start);
      const level = open >= 0 ? open : Math.min(free.length, MAX_ROWS - 1);
      levels[i] = level;
      free[level] = Math.max(free[level] ?? end, end);
    });
    return { name, rows: sorted, ends: latest, levels, depth: Math.max(1, free.length), applies };
  }

  /** Where each lane begins, and in the end where the last one ends. */
  #tops(lanes: readonly Lane[]): number[] {
    const tops = [AXIS_HEIGHT];
    for (const { depth } of lanes) tops.push((tops.at(-1) ?? 0) + depth * ROW + 8);
    return tops;
  }

  #draw(): void {
    const axis = this.#axis;
    const lanes = this.#lanesOf(axis.name);
    const tops = this.#tops(lanes);
    const height = Math.max(AXIS_HEIGHT + ROW, tops.at(-1) ?? 0) + 4;
    const heightOf = (i: number) => (tops[i + 1] ?? 0) - (tops[i] ?? 0);
    const begun = this.picture.begin(height);
    if (begun === undefined) return;
    const { context, width } = begun;
    const colours = palette();
    this.#drawn = 0;
    context.fillStyle = colours.back;
    context.fillRect(0, 0, width, height);
    lanes.forEach((_, i) => {
      if (i % 2 === 1) return;
      context.fillStyle = colours.band;
      context.fillRect(0, tops[i] ?? 0, width, heightOf(i));
    });
    drawAxis(context, axis, this.#trace, colours, height);
    const chosen = this.#chosen;
    for (const [i, lane] of lanes.entries()) this.#drawLane(context, axis, colours, lane, tops[i] ?? 0, chosen);
    lanes.forEach(({ name }, i) => {
      context.fillStyle = i % 2 === 1 ? colours.back : colours.band;
      context.fillRect(0, tops[i] ?? 0, LEFT - 4, heightOf(i));
      context.fillStyle = colours.text;
      context.font = '12px system-ui, sans-serif';
      context.fillText(fitted(context, name, LEFT - 16), 8, (tops[i] ?? 0) + heightOf(i) / 2);
    });
    this.picture.drawFrame(context, colours.accent);
    this.picture.canvas.dataset['drawn'] = String(this.#drawn);
  }

  #drawLane(
    context: CanvasRenderingContext2D,
    axis: Axis,
    colours: Palette,
    lane: Lane,
    top: number,
    chosen: number,
  ): void {
    const trace = this.#trace;
    const starts = trace.places('line', axis.name);
    const ends = trace.places('end', axis.name);
    let crowd: { x: number; y: number; bad: boolean } | undefined;
    const flush = () => {
      if (crowd === undefined) return;
      this.#rect(context, crowd.bad ? colours.error : colours.lock, crowd.x, crowd.y, 1.5, BAR);
      crowd = undefined;
    };
    for (let i = firstFrom(lane.ends, axis.from); i < lane.rows.length; i++) {
      const row = lane.rows[i] ?? 0;
      const start = starts[row] ?? 0;
      if (start > axis.to) break;
      const x = xOf(axis, start);
      const end = xOf(axis, ends[row] ?? start);
      if (end < axis.left) continue;
      const findings = trace.findingsOf(row);
      const y = top + PINS + (lane.levels[i] ?? 0) * ROW;
      if (end - x >= 2 || row === chosen) {
        flush();
        this.#drawJob(context, axis, colours, row, y, row === chosen);
        continue;
      }
      // Too narrow to tell apart: one stroke for all that fall into the same pixel.
      const pixel = Math.floor(x);
      if (crowd?.x !== pixel) flush();
      crowd ??= { x: pixel, y, bad: false };
      if (findings.length > 0 && trace.verdict(row) === 'bad') crowd.bad = true;
    }
    flush();
    this.#drawApplies(context, axis, colours, lane, top);
    this.#drawPins(context, axis, colours, lane, top);
  }

  /** What a worker carries out for the jobs of others. */
  #drawApplies(context: CanvasRenderingContext2D, axis: Axis, colours: Palette, lane: Lane, top: number): void {
    const from = this.#trace.places('applyFrom', axis.name);
    const to = this.#trace.places('applyTo', axis.name);
    let last = Number.NEGATIVE_INFINITY;
    for (const row of lane.applies) {
      const x = xOf(axis, from[row] ?? Number.NaN);
      const end = Math.max(x + 1.5, xOf(axis, to[row] ?? Number.NaN));
      if (Number.isNaN(x) || end < axis.left || x > axis.left + axis.width || Math.floor(x) === last) continue;
      last = end - x < 2 ? Math.floor(x) : Number.NEGATIVE_INFINITY;
      this.#rect(context, colours.apply, x, top + PINS + 3, end - x, BAR - 6);
    }
  }

  #rect(context: CanvasRenderingContext2D, colour: string, x: number, y: number, width: number, height: number): void {
    context.fillStyle = colour;
    context.fillRect(x, y, width, height);
    this.#drawn++;
  }

  #drawJob(
    context: CanvasRenderingContext2D,
    axis: Axis,
    colours: Palette,
    row: number,
    y: number,
    isChosen: boolean,
  ): void {
    const trace = this.#trace;
    const at = (place: Parameters<Trace['places']>[0]) => xOf(axis, trace.places(place, axis.name)[row] ?? Number.NaN);
    const part = (colour: string, from: number, to: number, at: number, height: number) => {
      if (!Number.isNaN(from) && !Number.isNaN(to))
        this.#rect(context, colour, from, at, Math.max(1.5, to - from), height);
    };
    const [start, end] = [at('line'), Math.max(at('line') + 2, at('end'))];
    part(colours.job, start, end, y, BAR);
    part(colours.lock, at('lockFrom'), at('lockTo'), y, BAR);
    if (trace.cell('applyTask', row) === trace.cell('task', row))
      part(colours.apply, at('applyFrom'), at('applyTo'), y, BAR);
    part(colours.hold, at('holdFrom'), at('holdTo'), y + BAR + 1, 3);
    for (const line of trace.data.jobs.retries[row] ?? [])
      this.#drawRetry(context, colours, xOf(axis, trace.at(line, axis.name)), y);
    context.strokeStyle = isChosen ? colours.accent : colours.dim;
    context.lineWidth = isChosen ? 2.5 : 0.75;
    context.strokeRect(start, y, end - start, BAR);
    context.lineWidth = 1;
    if (end - start < 44) return;
    context.fillStyle = colours.text;
    context.font = '11px system-ui, sans-serif';
    const name = fitted(context, String(trace.cell('job', row)), end - start - 6);
    context.fillText(name, Math.max(start, axis.left) + 4, y + BAR / 2);
  }

  #drawRetry(context: CanvasRenderingContext2D, colours: Palette, x: number, y: number): void {
    context.strokeStyle = colours.warning;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(x - 3, y + 4);
    context.lineTo(x + 3, y + BAR - 4);
    context.moveTo(x + 3, y + 4);
    context.lineTo(x - 3, y + BAR - 4);
    context.stroke();
    context.lineWidth = 1;
    this.#drawn++;
  }

  /** A pin a pixel column, with the worst that is there. */
  #drawPins(context: CanvasRenderingContext2D, axis: Axis, colours: Palette, lane: Lane, top: number): void {
    const pins = new Map<number, string>();
    for (let i = firstFrom(lane.ends, axis.from); i < lane.rows.length; i++) {
      const row = lane.rows[i] ?? 0;
      if ((this.#trace.places('line', axis.name)[row] ?? 0) > axis.to) break;
      for (const index of this.#trace.findingsOf(row)) {
        const finding = this.#trace.finding(index);
        if (finding === undefined || finding.severity === 'note') continue;
        const x = Math.round(xOf(axis, this.#trace.at(finding.line, axis.name)) / 5) * 5;
        if (x >= axis.left - 5 && pins.get(x) !== 'error') pins.set(x, finding.severity);
      }
    }
    for (const [x, severity] of pins) {
      context.fillStyle = severity === 'error' ? colours.error : colours.warning;
      context.beginPath();
      context.moveTo(x - 5, top + 2);
      context.lineTo(x + 5, top + 2);
      context.lineTo(x, top + 11);
      context.fill();
      this.#drawn++;
    }
  }

  get #chosen(): number {
    const { job } = this.#views.now;
    return job === '' ? -1 : this.#trace.rowOf(job);
  }

  #middle(): number | undefined {
    const axis = this.#axis;
    const chosen = this.#chosen;
    const start = chosen < 0 ? Number.NaN : (this.#trace.places('line', axis.name)[chosen] ?? Number.NaN);
    return start >= axis.from && start <= axis.to ? start : undefined;
  }

  #jobAt({ x, y }: Place): number {
    const axis = this.#axis;
    const lanes = this.#lanesOf(axis.name);
    const tops = this.#tops(lanes);
    const at = tops.findLastIndex((top) => top <= y);
    const lane = lanes[at];
    if (lane === undefined || x < LEFT) return -1;
    const level = Math.min(lane.depth - 1, Math.max(0, Math.floor((y - (tops[at] ?? 0) - PINS + 4) / ROW)));
    const starts = this.#trace.places('line', axis.name);
    const ends = this.#trace.places('end', axis.name);
    let best = -1;
    let least = 6;
    for (let i = firstFrom(lane.ends, valueAt(axis, x - 6)); i < lane.rows.length; i++) {
      const row = lane.rows[i] ?? 0;
      const start = xOf(axis, starts[row] ?? 0);
      if (start > x + 6) break;
      if (lane.levels[i] !== level) continue;
      const away = Math.max(0, start - x, x - xOf(axis, ends[row] ?? 0));
      if (away < least) {
        least = away;
        best = row;
      }
    }
    return best;
  }

  #choose(row: number): void {
    if (row < 0) return;
    this.#views.set({ job: this.#trace.key(row), finding: -1 }, true);
    announce(this.#tip(row));
  }

  #tip(row: number): string {
    if (row < 0) return '';
    const trace = this.#trace;
    const lines = [
      `job ${trace.cell('job', row)}: ${trace.verdict(row)}`,
      trace.task(row),
      `VM ${trace.vmName(trace.cell('vm', row))}`,
    ];
    const attempts = trace.cell('attempts', row);
    if (attempts > 1) lines.push(counted(attempts, 'lock attempt'));
    for (const index of trace.findingsOf(row).slice(0, 3)) lines.push(trace.finding(index)?.rule ?? '');
    return lines.join('\n');
  }

  #frame(from: Place, to: Place): void {
    const axis = this.#axis;
    const [a, b] = [valueAt(axis, from.x), valueAt(axis, to.x)];
    show(this.#views, this.#trace, Math.min(a, b), Math.max(a, b));
  }

  #key({ key }: KeyboardEvent): boolean {
    const { count } = this.#trace;
    const chosen = this.#chosen;
    const order: Readonly<Record<string, number>> = {
      ArrowRight: Math.min(count - 1, chosen + 1),
      ArrowLeft: Math.max(0, chosen - 1),
      Home: 0,
      End: count - 1,
    };
    const row = order[key];
    if (row !== undefined && count > 0) {
      this.#choose(row);
      this.#bringIntoView(row);
      return true;
    }
    if (key !== 'Enter' || chosen < 0) return false;
    this.#open(chosen);
    return true;
  }

  #bringIntoView(row: number): void {
    const { from, to, name } = this.#axis;
    const start = this.#trace.places('line', name)[row] ?? from;
    if (start < from || start > to) show(this.#views, this.#trace, start - (to - from) / 2, start + (to - from) / 2);
  }

  /** The job with some room around it. */
  fit(row: number): void {
    const name = axisNameOf(this.#views.now, this.#trace);
    const start = this.#trace.places('line', name)[row] ?? 0;
    const end = this.#trace.places('end', name)[row] ?? start;
    const room = Math.max(1, (end - start) * 0.5);
    show(this.#views, this.#trace, start - room, end + room);
  }
}

/** The first of growing values that is not below `least`. */
export function firstFrom(values: Float64Array, least: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 0 && context.measureText(`${text.slice(0, length)}…`).width > width) length--;
  return length === 0 ? '' : `${text.slice(0, length)}…`;
}
