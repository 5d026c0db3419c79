// Why the verdict on a trace is not a whole one: what is missing in it, in a reader's words.
import { ptrHex } from './base/u64.ts';
import type { Diagnostic } from './events/diagnostic.ts';
import { isCounted } from './ftrace/entry_count.ts';
import type { TraceStats } from './ftrace/text_decoder.ts';
import type { JobRow } from './replay/job_row.ts';
import type { World } from './replay/world.ts';

const LOGGED = ['log_step', 'log_mapping', 'log_table'] as const;

/** Empty where everything was seen. */
export function doubtsOf(
  world: World,
  stats: TraceStats,
  diagnostics: readonly Diagnostic[],
  jobs: readonly JobRow[],
): string[] {
  const doubts: string[] = [];
  const count = diagnostics.find((d) => d.kind === 'entry-count');
  if (count !== undefined) doubts.push(count.message);
  if (stats.lost > 0) doubts.push(`the tracer lost ${stats.lost} events`);
  else if (world.gaps > world.unpaired + world.forgotten) doubts.push('the tracer lost events');
  if (world.unpaired > 0) {
    const where = world.firstUnpaired === 0 ? '' : `, first at ${world.lines.name(world.firstUnpaired)}`;
    doubts.push(`calls and returns do not pair (${world.unpaired} times${where}): events are missing`);
  }
  for (const [what, line] of world.letGo)
    doubts.push(`there are ${what} at line ${line}: nothing that came before is known from there on`);
  if (world.contradictions > 0)
    doubts.push(`${world.contradictions} times an event does not follow from those before: events are missing`);
  for (const [vm, { dump, why }] of world.misfits)
    doubts.push(`the ${dump} of VM ${ptrHex(vm.id)} does not fit the trace, ${why}`);
  const unsure = jobs.filter((row) => row.unknown.length > 0).length;
  if (unsure > 0) doubts.push(`${unsure} of ${jobs.length} jobs could not be judged whole`);
  if (jobs.length > 0 && !world.stepsShown)
    doubts.push('no step callback is probed: what was done under which lock is not known');
  if (jobs.length > 0 && !world.locksShown) doubts.push('no lock is probed: what was held is not known');
  const unparsed = diagnostics.find((d) => d.kind === 'unparsed');
  if (unparsed !== undefined && !isCounted(stats)) {
    doubts.push(`${unparsed.count} lines are in no known layout, first ${lineText(unparsed)}: they may be events`);
  }
  if (stats.layouts.has('kernel-log') || (world.logOnly && LOGGED.some((kind) => world.seen.has(kind))))
    doubts.push('it is a log of the kernel: drivers say in it what they map, and nothing of locks');
  if (stats.events === 0) doubts.push('the trace holds no event of drm_gpuvm, drm_exec or a known driver');
  for (const d of diagnostics)
    if (d.kind === 'cut' || d.kind === 'damaged' || d.kind === 'corrupt') doubts.push(`${placeText(d)}${d.message}`);
  return doubts;
}

/** Nothing where it is about the trace as a whole. */
function placeText(diagnostic: Diagnostic): string {
  if (diagnostic.line !== 0) return `${lineText(diagnostic)}: `;
  return diagnostic.file === undefined ? '' : `${diagnostic.file}: `;
}

function lineText({ file, line }: Diagnostic): string {
  return file === undefined ? `line ${line}` : `${file}:${line}`;
}

/** Events are missing or wrong, and nothing says where: nothing in the file is above doubt. */
export function lossIsSilent({ unpaired, contradictions }: World, diagnostics: readonly Diagnostic[]): boolean {
  return unpaired + contradictions > 0 || diagnostics.some((d) => d.kind === 'entry-count' || d.kind === 'corrupt');
}
