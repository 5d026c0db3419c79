// The tables: findings, jobs, VMs, and the mappings that the picture of the VA space shows.
import { el } from './dom.ts';
import { goTo, viewLink } from './links.ts';
import type { SpacePicture } from './space.ts';
import { DataTable, type TableColumn } from './table.ts';
import type { JobColumn, Trace } from './trace.ts';
import type { Views } from './view.ts';
import { bytesText, hexText, near, rangeText, SEVERITY_MARKS, VERDICT_CLASSES, VERDICT_MARKS } from './words.ts';

const SEVERITY_ORDER = ['note', 'warning', 'error'];

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

function number(name: string, title: string, of: (row: number) => number): TableColumn {
  return { name, title, kind: 'number', key: of, cell: (row) => (of(row) < 0 ? '' : of(row)) };
}

export function findingsTable(trace: Trace, views: Views): DataTable {
  const { findings } = trace.data;
  const rows = upTo(findings.length);
  const of = (row: number) => findings[row] ?? missingFinding;
  const jobKey = (row: number) => (of(row).job < 0 ? '' : trace.key(of(row).job));
  const jobText = (row: number) => (of(row).job < 0 ? '' : String(trace.cell('job', of(row).job)));
  const open = (row: number, text: string) =>
    viewLink(views, { finding: row, job: jobKey(row), vm: -1 }, text, () => goTo('job'));
  return new DataTable(
    {
      id: 'findings',
      caption: 'Findings',
      rows: () => rows,
      text: (row) =>
        `${of(row).rule} ${of(row).message} ${of(row).fingerprint} line ${of(row).line} job ${jobText(row)}`,
      isCurrent: (row) => row === views.now.finding,
      choices: [
        { name: 'severity', label: 'Severity', options: [...SEVERITY_ORDER].reverse(), of: (row) => of(row).severity },
        { name: 'rule', label: 'Rule', options: distinct(findings.map(({ rule }) => rule)), of: (row) => of(row).rule },
        {
          name: 'confidence',
          label: 'Confidence',
          options: ['certain', 'likely', 'inconclusive'],
          of: (row) => of(row).confidence,
        },
      ],
      columns: [
        {
          name: 'severity',
          title: 'Severity',
          kind: 'whole',
          key: (row) => -SEVERITY_ORDER.indexOf(of(row).severity),
          cell: (row) =>
            el(
              'span',
              { class: of(row).severity },
              `${SEVERITY_MARKS[of(row).severity] ?? ''} ${of(row).severity}${of(row).confidence === 'certain' ? '' : `, ${of(row).confidence}`}`,
            ),
        },
        {
          name: 'rule',
          title: 'Rule',
          kind: 'whole',
          key: (row) => of(row).rule,
          cell: (row) => open(row, of(row).rule),
        },
        {
          name: 'job',
          title: 'Job',
          kind: 'number',
          key: (row) => (of(row).job < 0 ? -1 : trace.cell('job', of(row).job)),
          cell: jobText,
        },
        {
          name: 'line',
          title: 'Line',
          kind: 'number',
          key: (row) => of(row).line,
          cell: (row) => trace.lineCell(of(row).line),
        },
        { name: 'message', title: 'What', kind: 'wide', key: (row) => of(row).message, cell: (row) => of(row).message },
      ],
    },
    views,
  );
}

const missingFinding = { rule: '', severity: '', confidence: '', message: '', fingerprint: '', line: -1, job: -1 };

export function jobsTable(trace: Trace, views: Views): DataTable {
  const rows = upTo(trace.count);
  const verdict = (row: number) => trace.verdict(row);
  const part = (name: string, title: string, from: JobColumn, to: JobColumn): TableColumn => ({
    name,
    title,
    kind: 'whole',
    key: (row) => trace.line(from, row),
    cell: (row) => {
      const [first, last] = [trace.line(from, row), trace.line(to, row)];
      return first < 0 ? '' : `${trace.lineCell(first)} to ${last < 0 ? '?' : trace.lineCell(last)}`;
    },
  });
  const cell = (name: JobColumn, title: string) => number(name, title, (row) => trace.cell(name, row));
  return new DataTable(
    {
      id: 'jobs',
      caption: 'Jobs',
      rows: () => rows,
      text: (row) =>
        `${trace.cell('job', row)} ${trace.task(row)} ${trace.vmName(trace.cell('vm', row))} ${verdict(row)}`,
      isCurrent: (row) => trace.key(row) === views.now.job,
      choices: [
        { name: 'verdict', label: 'Verdict', options: trace.verdicts, of: verdict },
        { name: 'task', label: 'Task', options: trace.data.tasks.slice(0, 200), of: (row) => trace.task(row) },
      ],
      columns: [
        {
          name: 'job',
          title: 'Job',
          kind: 'number',
          key: (row) => trace.cell('job', row),
          cell: (row) =>
            viewLink(views, { job: trace.key(row), finding: -1, vm: -1 }, String(trace.cell('job', row)), () =>
              goTo('job'),
            ),
        },
        {
          name: 'verdict',
          title: 'Verdict',
          kind: 'whole',
          key: (row) => trace.cell('verdict', row),
          cell: (row) =>
            el(
              'span',
              { class: VERDICT_CLASSES[verdict(row)] },
              `${VERDICT_MARKS[verdict(row)] ?? ''} ${verdict(row)}`,
            ),
        },
        number('findings', 'Findings', (row) => trace.findingsOf(row).length),
        {
          name: 'line',
          title: 'Line',
          kind: 'number',
          key: (row) => trace.cell('line', row),
          cell: (row) => trace.lineCell(trace.cell('line', row)),
        },
        {
          name: 'start',
          title: 'Start',
          kind: 'number',
          key: (row) => trace.at(trace.cell('line', row), 'time'),
          cell: (row) => trace.time(trace.cell('line', row)),
        },
        { name: 'task', title: 'Task', kind: 'whole', key: (row) => trace.task(row), cell: (row) => trace.task(row) },
        {
          name: 'vm',
          title: 'VM',
          kind: 'whole',
          key: (row) => trace.cell('vm', row),
          cell: (row) => trace.vmName(trace.cell('vm', row)),
        },
        cell('ops', 'Ops'),
        cell('attempts', 'Attempts'),
        {
          name: 'ret',
          title: 'Returned',
          kind: 'number',
          key: (row) => -trace.cell('failed', row),
          cell: (row) => (trace.cell('failed', row) > 0 ? -trace.cell('failed', row) : ''),
        },
        part('lock', 'Lock pass', 'lockFrom', 'lockTo'),
        part('hold', 'Locks held', 'holdFrom', 'holdTo'),
        part('apply', 'Applied', 'applyFrom', 'applyTo'),
        cell('steps', 'Steps'),
        cell('missing', 'Missing'),
        cell('redundant', 'Redundant'),
        cell('diverged', 'Diverged'),
        cell('misapplied', 'Misapplied'),
        cell('unreserved', 'Unreserved'),
      ],
    },
    views,
  );
}

export function vmsTable(trace: Trace, views: Views, chosen: () => number): DataTable {
  const { vms, findings } = trace.data;
  const rows = upTo(vms.length);
  const jobs = new Map<number, number>();
  for (let row = 0; row < trace.count; row++) {
    const vm = trace.cell('vm', row);
    jobs.set(vm, (jobs.get(vm) ?? 0) + 1);
  }
  const found = new Map<number, number>();
  for (const { vm } of findings) found.set(vm, (found.get(vm) ?? 0) + 1);
  const life = (row: number) => {
    const { line = 0, endLine = 0 } = vms[row] ?? {};
    return `${line === 0 ? 'before the trace' : trace.lineName(line)} to ${endLine === 0 ? 'its end' : trace.lineName(endLine)}`;
  };
  return new DataTable(
    {
      id: 'vms',
      caption: 'VMs',
      rows: () => rows,
      text: (row) => `${trace.vmName(row)} ${vms[row]?.ptr} ${vms[row]?.driver}`,
      isCurrent: (row) => row === chosen(),
      choices: [],
      columns: [
        {
          name: 'vm',
          title: 'VM',
          kind: 'whole',
          key: (row) => row,
          cell: (row) => viewLink(views, { vm: row, space: undefined }, trace.vmName(row), () => goTo('pictures')),
        },
        { name: 'ptr', title: 'gpuvm', kind: 'mono', key: (row) => vms[row]?.ptr ?? '', cell: (row) => vms[row]?.ptr },
        { name: 'driver', title: 'Driver', key: (row) => vms[row]?.driver ?? '', cell: (row) => vms[row]?.driver },
        number('jobs', 'Jobs', (row) => jobs.get(row) ?? 0),
        number('findings', 'Findings', (row) => found.get(row) ?? 0),
        number('mappings', 'Mappings at the end', (row) => vms[row]?.mappings ?? -1),
        {
          name: 'bytes',
          title: 'Mapped',
          kind: 'number',
          key: (row) => near(vms[row]?.bytes ?? 0),
          cell: (row) => bytesText(vms[row]?.bytes ?? 0),
        },
        { name: 'life', title: 'In the trace', kind: 'whole', key: (row) => vms[row]?.line ?? 0, cell: life },
        {
          name: 'whole',
          title: 'Known',
          kind: 'whole',
          key: (row) => Number(vms[row]?.isWhole),
          cell: (row) => `${vms[row]?.isWhole ? 'whole' : 'in part'}${vms[row]?.isImmediate ? ', immediate mode' : ''}`,
        },
      ],
    },
    views,
  );
}

export function mappingsTable(trace: Trace, views: Views, picture: SpacePicture): DataTable {
  const { stays } = trace;
  const objText = (row: number) => {
    const obj = stays.obj[row] ?? -1;
    return obj < 0 ? 'NULL' : `${trace.objName(obj)} ${trace.data.objs[obj]?.ptr ?? ''}`;
  };
  const line = (value: number, none: string) => (value === 0 ? none : trace.lineName(value));
  const job = (row: number) => {
    const key = row < 0 ? '' : trace.key(row);
    return key === ''
      ? ''
      : viewLink(views, { job: key, finding: -1 }, `job ${trace.cell('job', row)}`, () => goTo('job'));
  };
  return new DataTable(
    {
      id: 'mappings',
      caption: 'Mappings of the VM over time',
      rows: () => picture.scene.stays,
      text: (row) => picture.stayText(row),
      isCurrent: (row) => row === views.now.stay,
      choices: [
        {
          name: 'kind',
          label: 'Kind',
          options: ['map', 'remap'],
          of: (row) => (stays.isRest[row] === 1 ? 'remap' : 'map'),
        },
      ],
      columns: [
        {
          name: 'range',
          title: 'Range',
          kind: 'mono',
          key: (row) => near(stays.addr[row] ?? 0),
          cell: (row) =>
            viewLink(views, { stay: row, vm: picture.vm }, rangeText(stays.addr[row] ?? 0, stays.range[row] ?? 0)),
        },
        { name: 'obj', title: 'Object', kind: 'mono', key: (row) => stays.obj[row] ?? -1, cell: objText },
        {
          name: 'offset',
          title: 'Offset',
          kind: 'mono',
          key: (row) => near(stays.offset[row] ?? 0),
          cell: (row) => hexText(stays.offset[row] ?? 0),
        },
        {
          name: 'kind',
          title: 'Kind',
          key: (row) => stays.isRest[row] ?? 0,
          cell: (row) => (stays.isRest[row] === 1 ? 'left by a REMAP' : 'mapped'),
        },
        {
          name: 'from',
          title: 'From',
          kind: 'whole',
          key: (row) => stays.from[row] ?? 0,
          cell: (row) =>
            el('span', {}, line(stays.from[row] ?? 0, 'before the trace'), ' ', job(stays.fromJob[row] ?? -1)),
        },
        {
          name: 'to',
          title: 'To',
          kind: 'whole',
          key: (row) => stays.to[row] || Number.POSITIVE_INFINITY,
          cell: (row) => el('span', {}, line(stays.to[row] ?? 0, 'the end'), ' ', job(stays.toJob[row] ?? -1)),
        },
      ],
    },
    views,
  );
}
