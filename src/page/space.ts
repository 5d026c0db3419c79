// The VA space of one VM over time: a box a mapping, with what a REMAP left, stale entries and unlocked steps marked.
import { AXIS_HEIGHT, type Axis, axisOf, drawAxis, moveBy, show, valueAt, xOf, zoomBy } from './axis.ts';
import { PictureCanvas, type Place } from './canvas.ts';
import { objColour, type Palette, palette } from './colours.ts';
import { announce } from './dom.ts';
import { Heights } from './heights.ts';
import { fitted } from './timeline.ts';
import type { Trace } from './trace.ts';
import type { Views } from './view.ts';
import { hexText, near, rangeText } from './words.ts';

const LEFT = 128;
const HEIGHT = 340;

/** A VM's mappings and what was found there. */
interface Scene {
  readonly vm: number;
  readonly stays: readonly number[];
  readonly findings: readonly number[];
  readonly heights: Heights;
}

interface Scale {
  readonly axis: Axis;
  /** Of `heights`, at the top and at the bottom of the picture. */
  readonly low: number;
  readonly high: number;
}

export class SpacePicture {
  readonly picture: PictureCanvas;
  readonly #trace: Trace;
  readonly #views: Views;
  readonly #openJob: (row: number) => void;
  #scene: Scene | undefined;
  #drawn = 0;

  constructor(trace: Trace, views: Views, openJob: (row: number) => void) {
    this.#trace = trace;
    this.#views = views;
    this.#openJob = openJob;
    const label =
      'VA space over time. Left, right, up and down choose a mapping, Enter opens the job that made it, plus and minus zoom, 0 shows all.';
    this.picture = new PictureCanvas(
      label,
      'space-help',
      {
        frame: (from, to) => this.#frame(from, to),
        click: (at) => this.#click(at),
        tip: (at) => this.#tip(at),
        zoom: (factor, x) => zoomBy(views, trace, factor, x === undefined ? undefined : valueAt(this.#scale.axis, x)),
        move: (part) => moveBy(views, trace, part),
        reset: () => views.set({ zoom: undefined, space: undefined }),
        key: (event) => this.#key(event),
      },
      () => this.#draw(),
    );
  }

  /** The VM that is shown: the one that was chosen, else that of the chosen job, else the first with findings. */
  get vm(): number {
    const { vm, job } = this.#views.now;
    if (vm >= 0) return vm;
    const row = job === '' ? -1 : this.#trace.rowOf(job);
    const own = row < 0 ? -1 : this.#trace.cell('vm', row);
    if (own >= 0) return own;
    return Math.max(0, this.#trace.data.findings.find((one) => one.vm >= 0)?.vm ?? 0);
  }

  get scene(): Scene {
    const { vm } = this;
    if (this.#scene?.vm === vm) return this.#scene;
    const { stays, data } = this.#trace;
    const own: number[] = [];
    for (let i = 0; i < stays.count; i++) if (stays.vm[i] === vm) own.push(i);
    const findings = data.findings.flatMap((one, i) =>
      one.vm === vm && one.addr !== undefined && one.range !== undefined ? [i] : [],
    );
    const ranges = own.map((i) => [near(stays.addr[i] ?? 0), this.#trace.stayEnd(i)] as const);
    const found = findings.map((i) => {
      const { addr = 0, range = 0 } = data.findings[i] ?? {};
      return [near(addr), near(addr) + near(range)] as const;
    });
    this.#scene = {
      vm,
      stays: own,
      findings,
      heights: new Heights([...ranges, ...found].filter(([from, to]) => to > from)),
    };
    return this.#scene;
  }

  get #scale(): Scale {
    const axis = axisOf(this.#views.now, this.#trace, LEFT, this.picture.root.clientWidth - LEFT - 8);
    const { heights } = this.scene;
    const { space } = this.#views.now;
    const [from, to] = space === undefined ? [0, heights.total] : [heights.of(space[0]), heights.of(space[1])];
    return { axis, low: from, high: Math.max(from + 0.01, to) };
  }

  #y({ low, high }: Scale, addr: number): number {
    return AXIS_HEIGHT + ((this.scene.heights.of(addr) - low) / (high - low)) * (HEIGHT - AXIS_HEIGHT - 4);
  }

  #addrAt({ low, high }: Scale, y: number): number {
    return this.scene.heights.addrAt(low + ((y - AXIS_HEIGHT) / (HEIGHT - AXIS_HEIGHT - 4)) * (high - low));
  }

  /** Of a mapping, in pixels. */
  #box(scale: Scale, stay: number): { x: number; y: number; width: number; height: number } {
    const { stays } = this.#trace;
    const { axis } = scale;
    const from = stays.from[stay] ?? 0;
    const to = stays.to[stay] ?? 0;
    const x = from === 0 ? axis.left : Math.max(axis.left, xOf(axis, this.#trace.at(from, axis.name)));
    const right = axis.left + axis.width;
    const end = to === 0 ? right : Math.min(right, xOf(axis, this.#trace.at(to, axis.name)));
    const y = this.#y(scale, near(stays.addr[stay] ?? 0));
    return { x, y, width: end - x, height: this.#y(scale, this.#trace.stayEnd(stay)) - y };
  }

  #draw(): void {
    const begun = this.picture.begin(HEIGHT);
    if (begun === undefined) return;
    const { context, width } = begun;
    const colours = palette();
    const scale = this.#scale;
    this.#drawn = 0;
    context.fillStyle = colours.back;
    context.fillRect(0, 0, width, HEIGHT);
    this.#drawJobBand(context, scale, colours);
    drawAxis(context, scale.axis, this.#trace, colours, HEIGHT);
    context.save();
    context.beginPath();
    context.rect(LEFT, AXIS_HEIGHT, width - LEFT, HEIGHT - AXIS_HEIGHT);
    context.clip();
    this.#drawStays(context, scale, colours);
    this.#drawFindings(context, scale, colours);
    context.restore();
    this.#drawAddresses(context, scale, colours);
    this.picture.drawFrame(context, colours.accent);
    this.picture.canvas.dataset['drawn'] = String(this.#drawn);
  }

  #drawJobBand(context: CanvasRenderingContext2D, { axis }: Scale, colours: Palette): void {
    const { job } = this.#views.now;
    const row = job === '' ? -1 : this.#trace.rowOf(job);
    if (row < 0) return;
    const from = xOf(axis, this.#trace.places('line', axis.name)[row] ?? 0);
    const to = xOf(axis, this.#trace.places('end', axis.name)[row] ?? 0);
    context.fillStyle = colours.accent;
    context.globalAlpha = 0.14;
    context.fillRect(Math.max(axis.left, from - 1), 0, Math.max(2, to - Math.max(axis.left, from) + 2), HEIGHT);
    context.globalAlpha = 1;
  }

  #drawStays(context: CanvasRenderingContext2D, scale: Scale, colours: Palette): void {
    const { stays, objName } = { stays: this.#trace.stays, objName: (obj: number) => this.#trace.objName(obj) };
    const dots = new Set<number>();
    context.textBaseline = 'middle';
    for (const stay of this.scene.stays) {
      const { x, y, width, height } = this.#box(scale, stay);
      if (width < 0 || y > HEIGHT || y + height < AXIS_HEIGHT || x > scale.axis.left + scale.axis.width) continue;
      if (width < 1.5 && height < 1.5) {
        const dot = Math.floor(x) * HEIGHT + Math.floor(y);
        if (dots.has(dot)) continue;
        dots.add(dot);
      }
      const obj = stays.obj[stay] ?? -1;
      context.fillStyle = objColour(colours, obj);
      context.fillRect(x, y, Math.max(1, width), Math.max(1, height - 0.5));
      this.#drawn++;
      if (width < 4 || height < 3) continue;
      const isChosen = stay === this.#views.now.stay;
      context.strokeStyle = isChosen ? colours.accent : colours.dim;
      context.lineWidth = isChosen ? 2.5 : 0.5;
      context.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
      context.lineWidth = 1;
      if (stays.isRest[stay] === 1) this.#drawRest(context, colours, x, y, height);
      if (height < 11 || width < 22) continue;
      context.fillStyle = colours.text;
      context.font = '11px system-ui, sans-serif';
      const offset = stays.offset[stay] ?? 0;
      const name = obj < 0 ? 'NULL' : `${objName(obj)} ${hexText(offset)}`;
      context.fillText(fitted(context, name, width - 12), x + 8, y + height / 2);
    }
  }

  /** What a REMAP left: a dashed thick edge where it begins. */
  #drawRest(context: CanvasRenderingContext2D, colours: Palette, x: number, y: number, height: number): void {
    context.strokeStyle = colours.text;
    context.lineWidth = 2;
    context.setLineDash([3, 2]);
    context.beginPath();
    context.moveTo(x + 1.5, y + 1);
    context.lineTo(x + 1.5, y + height - 1);
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = 1;
  }

  #drawFindings(context: CanvasRenderingContext2D, scale: Scale, colours: Palette): void {
    const { axis } = scale;
    for (const index of this.scene.findings) {
      const finding = this.#trace.finding(index);
      if (finding === undefined || finding.severity === 'note') continue;
      const { addr = 0, range = 0, rule, line, severity } = finding;
      const x = xOf(axis, this.#trace.at(line, axis.name));
      const y = this.#y(scale, near(addr));
      const height = Math.max(3, this.#y(scale, near(addr) + near(range)) - y);
      if (x < axis.left - 8 || x > axis.left + axis.width + 8 || y > HEIGHT || y + height < AXIS_HEIGHT) continue;
      this.#drawn++;
      if (isStale(rule))
        this.#drawStale(
          context,
          colours,
          x,
          y,
          Math.max(14, this.#untilMapped(scale, finding.line, near(addr)) - x),
          height,
        );
      else
        this.#drawMark(context, severity === 'error' ? colours.error : colours.warning, x, y, height, isUnlocked(rule));
      if (index !== this.#views.now.finding) continue;
      context.strokeStyle = colours.accent;
      context.lineWidth = 2;
      context.strokeRect(x - 6, y - 2, 12, height + 4);
      context.lineWidth = 1;
    }
  }

  /** Filled: a step without its lock; hollow: anything else. */
  #drawMark(
    context: CanvasRenderingContext2D,
    colour: string,
    x: number,
    y: number,
    height: number,
    isFilled: boolean,
  ): void {
    context.fillStyle = colour;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.fillRect(x - 1, y, isFilled ? 2.5 : 1, height);
    context.beginPath();
    context.moveTo(x - 6, y + 1);
    context.lineTo(x + 6, y + 1);
    context.lineTo(x, y + 9);
    context.closePath();
    if (isFilled) context.fill();
    else context.stroke();
    context.lineWidth = 1;
  }

  #drawStale(
    context: CanvasRenderingContext2D,
    colours: Palette,
    x: number,
    y: number,
    width: number,
    height: number,
  ): void {
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.strokeStyle = colours.stale;
    context.lineWidth = 1.5;
    context.beginPath();
    for (let at = x - height; at < x + width; at += 6) {
      context.moveTo(at, y + height);
      context.lineTo(at + height, y);
    }
    context.stroke();
    context.restore();
    context.strokeStyle = colours.stale;
    context.strokeRect(x, y, width, height);
  }

  /** Where the address is mapped anew, or the end of the picture. */
  #untilMapped({ axis }: Scale, line: number, addr: number): number {
    const { stays } = this.#trace;
    const next = this.scene.stays.find(
      (i) => (stays.from[i] ?? 0) > line && near(stays.addr[i] ?? 0) <= addr && this.#trace.stayEnd(i) > addr,
    );
    return next === undefined ? axis.left + axis.width : xOf(axis, this.#trace.at(stays.from[next] ?? 0, axis.name));
  }

  #drawAddresses(context: CanvasRenderingContext2D, scale: Scale, colours: Palette): void {
    context.fillStyle = colours.back;
    context.fillRect(0, AXIS_HEIGHT, LEFT - 4, HEIGHT);
    context.font = '11px ui-monospace, monospace';
    context.textBaseline = 'middle';
    let last = -100;
    for (const part of this.scene.heights.parts) {
      const y = this.#y(scale, part.from);
      if (part.isGap) this.#drawGap(context, colours, y, this.#y(scale, part.to));
      if (y < AXIS_HEIGHT || y > HEIGHT - 6 || y - last < 14) continue;
      last = y;
      context.fillStyle = colours.dim;
      context.fillText(hexText(part.from), 8, Math.max(y, AXIS_HEIGHT + 6));
    }
  }

  #drawGap(context: CanvasRenderingContext2D, colours: Palette, y: number, end: number): void {
    if (end < AXIS_HEIGHT || y > HEIGHT) return;
    context.strokeStyle = colours.dim;
    context.setLineDash([1, 3]);
    context.beginPath();
    context.moveTo(LEFT - 14, (y + end) / 2);
    context.lineTo(LEFT - 6, (y + end) / 2);
    context.stroke();
    context.setLineDash([]);
  }

  #stayAt({ x, y }: Place): number {
    const scale = this.#scale;
    return (
      this.scene.stays.findLast((stay) => {
        const box = this.#box(scale, stay);
        return x >= box.x && x <= box.x + Math.max(2, box.width) && y >= box.y && y <= box.y + Math.max(2, box.height);
      }) ?? -1
    );
  }

  #findingAt({ x, y }: Place): number {
    const scale = this.#scale;
    return (
      this.scene.findings.find((index) => {
        const finding = this.#trace.finding(index);
        if (finding === undefined || finding.severity === 'note') return false;
        const { addr = 0, range = 0, line } = finding;
        const top = this.#y(scale, near(addr));
        const bottom = this.#y(scale, near(addr) + near(range));
        return Math.abs(x - xOf(scale.axis, this.#trace.at(line, scale.axis.name))) < 7 && y >= top && y <= bottom;
      }) ?? -1
    );
  }

  #click(at: Place): void {
    const finding = this.#findingAt(at);
    const told = this.#trace.finding(finding);
    if (told !== undefined && told.job >= 0) {
      this.#views.set({ finding, job: this.#trace.key(told.job), vm: this.vm }, true);
      announce(told.message);
      return;
    }
    this.#choose(this.#stayAt(at));
  }

  #choose(stay: number): void {
    this.#views.set({ stay, vm: this.vm });
    announce(this.stayText(stay));
  }

  #tip(at: Place): string {
    if (at.x < LEFT) return '';
    const finding = this.#trace.finding(this.#findingAt(at));
    if (finding !== undefined) return `${finding.rule}: ${finding.message}`;
    const stay = this.#stayAt(at);
    return stay < 0 ? '' : this.stayText(stay).replaceAll('; ', '\n');
  }

  stayText(stay: number): string {
    const trace = this.#trace;
    const { stays } = trace;
    if (stay < 0 || stay >= stays.count) return '';
    const obj = stays.obj[stay] ?? -1;
    const what =
      obj < 0
        ? 'NULL'
        : `${trace.objName(obj)} ${trace.data.objs[obj]?.ptr ?? ''} at offset ${hexText(stays.offset[stay] ?? 0)}`;
    const from = stays.from[stay] ?? 0;
    const to = stays.to[stay] ?? 0;
    const by = (row: number) => (row < 0 ? '' : ` by job ${trace.cell('job', row)}`);
    const came =
      from === 0
        ? 'there before the trace'
        : `${stays.isRest[stay] === 1 ? 'left by a REMAP' : 'mapped'} at ${trace.lineName(from)}${by(stays.fromJob[stay] ?? -1)}`;
    const went = to === 0 ? 'there to the end' : `gone at ${trace.lineName(to)}${by(stays.toJob[stay] ?? -1)}`;
    return [rangeText(stays.addr[stay] ?? 0, stays.range[stay] ?? 0), what, came, went].join('; ');
  }

  #frame(from: Place, to: Place): void {
    const scale = this.#scale;
    const [a, b] = [valueAt(scale.axis, from.x), valueAt(scale.axis, to.x)];
    const [c, d] = [this.#addrAt(scale, from.y), this.#addrAt(scale, to.y)];
    if (Math.abs(d - c) >= 1 && Math.abs(from.y - to.y) > 12)
      this.#views.set({ space: [Math.floor(Math.min(c, d)), Math.ceil(Math.max(c, d))], vm: this.vm });
    show(this.#views, this.#trace, Math.min(a, b), Math.max(a, b));
  }

  #key({ key }: KeyboardEvent): boolean {
    const { stays } = this.scene;
    const { stay } = this.#views.now;
    const at = stays.indexOf(stay);
    const step: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };
    const by = step[key];
    if (by !== undefined) {
      this.#choose(stays[Math.min(stays.length - 1, Math.max(0, at + by))] ?? -1);
      return true;
    }
    if (key === 'ArrowUp' || key === 'ArrowDown') {
      this.#choose(this.#neighbour(stay, key === 'ArrowDown'));
      return true;
    }
    const job = this.#trace.stays.fromJob[stay] ?? -1;
    if (key !== 'Enter' || job < 0) return false;
    this.#openJob(job);
    return true;
  }

  /** The nearest one in that direction that is there at the same time. */
  #neighbour(stay: number, isDown: boolean): number {
    const { stays } = this.#trace;
    const addr = near(stays.addr[stay] ?? 0);
    const from = stays.from[stay] ?? 0;
    const beside = this.scene.stays.filter((i) => {
      const there = (stays.from[i] ?? 0) <= from && ((stays.to[i] ?? 0) === 0 || (stays.to[i] ?? 0) > from);
      return there && (isDown ? near(stays.addr[i] ?? 0) > addr : near(stays.addr[i] ?? 0) < addr);
    });
    beside.sort((a, b) => near(stays.addr[a] ?? 0) - near(stays.addr[b] ?? 0));
    return (isDown ? beside[0] : beside.at(-1)) ?? stay;
  }

  /** Time and addresses of a job's mappings. */
  fit(row: number): void {
    const { stays } = this.#trace;
    const own = this.scene.stays.filter((i) => stays.fromJob[i] === row || stays.toJob[i] === row);
    if (own.length === 0) return;
    const low = own.reduce((least, i) => Math.min(least, near(stays.addr[i] ?? 0)), Number.POSITIVE_INFINITY);
    const high = own.reduce((most, i) => Math.max(most, this.#trace.stayEnd(i)), 0);
    this.#views.set({ space: [low, high], vm: this.vm });
  }
}

/** Rules about steps that are carried out without what protects them. */
function isUnlocked(rule: string): boolean {
  return rule === 'missing-lock' || rule === 'missing-vm-lock' || rule === 'gpuva-lock';
}

/** Rules about entries that should not be there. */
function isStale(rule: string): boolean {
  return rule === 'pte-stale' || rule === 'tlb-stale' || rule === 'pte-wrong';
}
