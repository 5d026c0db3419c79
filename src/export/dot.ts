// The contention graph in Graphviz's language.
import { ptrHex } from '../base/u64.ts';
import { printable } from '../reporters/escape.ts';
import { circlesOf, type Edge } from './contention.ts';

/** `nameOf`: a task's name as the trace has it. */
export function toDot(title: string, edges: readonly Edge[], nameOf: (pid: number) => string): string {
  const circles = circlesOf(edges);
  const tasks = new Set(edges.flatMap(({ waiter, holder }) => (holder === undefined ? [waiter] : [waiter, holder])));
  const lines = [
    'digraph contention {',
    `  label=${quoted([`who waited for whom: ${title}`, edges.length === 0 ? 'nobody did' : 'from who waits to who holds'])};`,
    '  rankdir=LR;',
    '  node [shape=box, style=rounded, fontname="sans-serif"];',
    '  edge [fontname="sans-serif", fontsize=10];',
    ...[...tasks]
      .sort((a, b) => a - b)
      .map((pid) => `  t${pid} [label=${quoted([nameOf(pid)])}${circleOf(circles.get(pid))}];`),
    ...(edges.some(({ holder }) => holder === undefined)
      ? ['  unknown [label="not in the trace", style="rounded,dashed"];']
      : []),
    ...edges.map((edge) => edgeLine(edge, circles)),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function circleOf(circle: number | undefined): string {
  return circle === undefined ? '' : `, color=red, tooltip="circle ${circle}"`;
}

function edgeLine(edge: Edge, circles: ReadonlyMap<number, number>): string {
  const { waiter, holder, waits, waitedNs, backoffs } = edge;
  const circle = circles.get(waiter);
  const inCircle = circle !== undefined && holder !== undefined && circles.get(holder) === circle;
  const label = [lockText(edge), ...weightText(edge)];
  const width = 1 + Math.log2(1 + waits + backoffs) / 2;
  const attributes = [
    `label=${quoted(label)}`,
    `penwidth=${width.toFixed(2)}`,
    `weight=${Math.min(1000, waits + backoffs)}`,
    ...(backoffs > 0 ? ['style=dashed'] : []),
    ...(inCircle ? ['color=red'] : []),
    `comment="waits=${waits} waited_ns=${waitedNs} backoffs=${backoffs}"`,
  ];
  return `  t${waiter} -> ${holder === undefined ? 'unknown' : `t${holder}`} [${attributes.join(', ')}];`;
}

function lockText({ resv, obj, vm }: Edge): string {
  if (vm !== undefined) return `dma_resv of VM ${vm}`;
  return obj === 0 ? `dma_resv ${ptrHex(resv)}` : `object ${ptrHex(obj)}`;
}

function weightText({ waits, waitedNs, backoffs }: Edge): string[] {
  const lines: string[] = [];
  if (waits > 0) lines.push(`${waits} waits, ${(Number(waitedNs) / 1e6).toFixed(3)} ms`);
  if (backoffs > 0) lines.push(`${backoffs} backoffs (-EDEADLK)`);
  return lines;
}

/** A string of dot: lines, in which nothing of a name is markup. */
function quoted(lines: readonly string[]): string {
  return `"${lines.map((line) => printable(line).replace(/[\\"]/g, '\\$&')).join('\\n')}"`;
}
