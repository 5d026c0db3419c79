// What `walk`, `mmu`, `what-if` and `coverage` print of a trace, in each of their formats.
import { Analysis, type Report } from '../../src/analyze.ts';
import { rules } from '../../src/checks/index.ts';
import { vmsAt } from '../../src/cli/address.ts';
import { renderCoverage } from '../../src/cli/coverage.ts';
import { mmuRow, renderMmu } from '../../src/cli/mmu.ts';
import { renderWalk } from '../../src/cli/walk.ts';
import { renderWhatIf } from '../../src/cli/what_if.ts';
import { Coverage } from '../../src/coverage/coverage.ts';
import type { MergeInput } from '../../src/ftrace/merged/index.ts';
import { readPatches } from '../../src/patch/index.ts';
import { lookAt } from '../../src/replay/look.ts';
import { FORMATS } from '../../src/reporters/formats.ts';
import { lockingPass } from '../../src/whatif/other_pass.ts';
import { passOfPatches } from '../../src/whatif/patch_pass.ts';
import { WhatIf } from '../../src/whatif/what_if.ts';
import type { Rendered } from './rendered.ts';

export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** `address`: what `walk` is asked for. Several traces are merged. */
export async function renderedCommands(
  traces: readonly NamedText[],
  patch: NamedText,
  address: number,
): Promise<Rendered> {
  const effects = readPatches([patch]);
  const { pass, driver, because } = passOfPatches(effects);
  const asked = [new WhatIf(lockingPass('sweep')), new WhatIf(pass, driver)];
  const covered = new Coverage();
  const report = await reportOf(traces, address, (job) => {
    for (const one of asked) one.job(job);
    covered.job(job);
  });
  covered.trace(report);
  const coverage = covered.rows(rules, effects.touchedFunctions);
  const { world, lines } = report;
  const looks = vmsAt(report, address, undefined).map((vm) => lookAt(world, vm, address, true));
  const tables = [...world.vms.values()].flatMap((vm) => mmuRow(report, vm) ?? []);
  const all = new Map<string, string>();
  for (const format of FORMATS) {
    all.set(`walk ${format}`, renderWalk(looks, report, address, { kind: 'event', number: 1 }, format));
    all.set(`mmu ${format}`, renderMmu(tables, format));
    all.set(`coverage ${format}`, renderCoverage(coverage, format));
    for (const [i, choice] of [{ locking: 'sweep' } as const, { patch: [patch.name] }].entries()) {
      const rows = asked[i]?.rows(report.jobs) ?? [];
      all.set(
        `what-if ${i} ${format}`,
        renderWhatIf(rows, [...because, ...report.doubts], lines, { format, ...choice }),
      );
    }
  }
  return all;
}

async function reportOf(
  traces: readonly NamedText[],
  address: number,
  onJob: ConstructorParameters<typeof Analysis>[0]['onJob'] & {},
): Promise<Report> {
  const file = traces.map(({ name }) => name).join(' + ');
  const analysis = new Analysis({ file, watch: { addr: address }, passes: true, onJob });
  const [only, ...more] = traces;
  if (only !== undefined && more.length === 0) analysis.push(Buffer.from(only.text, 'latin1'));
  else await analysis.merge(traces.map(inputOf));
  return analysis.finish();
}

function inputOf({ name, text }: NamedText): MergeInput {
  return { file: name, from: { chunks: whole(Buffer.from(text, 'latin1')) } };
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
