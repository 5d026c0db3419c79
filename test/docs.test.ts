// README and docs/ say what the code says.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { bugs, isCaught } from '../src/checks/bugs.ts';
import { CHECK_FORMATS } from '../src/cli/format_names.ts';
import { probes } from '../src/dialects/index.ts';
import { TABLES } from '../src/export/capture_tables.ts';
import { rules, switches } from '../src/index.ts';
import { blameColumns } from '../src/reporters/blame_rows.ts';
import { findingColumns, jobColumns, mmuColumns, stateColumns } from '../src/reporters/columns.ts';
import { diffColumns } from '../src/reporters/diff_columns.ts';
import { walkColumns } from '../src/reporters/walk.ts';
import { ROOT, run } from './support/run.ts';

const README = path.join(ROOT, 'README.md');
const docs = (name: string) => path.join(ROOT, 'docs', name);
const BUGS = docs('bugs.md');

it('README lists every rule with its severity and summary', () => {
  const marker = '<!-- rules: kept equal to `gpuvm-trace rules` by a test -->';
  const rows = rules.map((rule) => `| ${rule.id} | ${rule.severity} | ${rule.summary} |\n`).join('');
  const text = readFileSync(README, 'utf8');
  const table = `| rule | severity | what it reports |\n|---|---|---|\n${rows}`;
  if (process.env['UPDATE'] === '1') {
    writeFileSync(README, text.replace(/\| rule \| severity[\s\S]*?\n(?=\n|<!--)/, table).replace(`${marker}\n`, ''));
  }
  expect(readFileSync(README, 'utf8')).toContain(table);
});

it('docs/bugs.md lists what `rules --bugs` lists', () => {
  const cell = (text: string) => (text === '' ? '' : `\`${text}\``);
  const rows = bugs.map((bug) => {
    const { number, driver, id, subject } = bug;
    const proof = isCaught(bug)
      ? `${cell(bug.rule)} | ${cell(bug.fires)} | ${cell(bug.silent)}`
      : `no trace can show it | ${bug.why} | `;
    return `| ${number} | ${driver} | ${id} | ${subject} | ${proof} |\n`;
  });
  const head =
    '| bug | driver | commit or CVE | what goes wrong | rule | fires on | silent on |\n|---|---|---|---|---|---|---|\n';
  const caught = new Set(bugs.filter(isCaught).map((bug) => bug.number)).size;
  const intro = `# Bugs of real drivers

${caught} of ${new Set(bugs.map((bug) => bug.number)).size} are caught: the rule fires on the one trace and says nothing on the other, where the same flow has no bug.
Traces are folders below fixtures/; fixtures/README.md says which are captures of a real kernel and which were edited.
\`gpuvm-trace rules --bugs\` prints this table; \`UPDATE=1 npx vitest run test/docs.test.ts\` writes it.

`;
  const text = `${intro}${head}${rows.join('')}`;
  if (process.env['UPDATE'] === '1') writeFileSync(BUGS, text);
  expect(readFileSync(BUGS, 'utf8')).toBe(text);
});

it('docs/ci.md names the columns of every table', () => {
  const text = readFileSync(docs('ci.md'), 'utf8');
  for (const [command, columns] of [
    ['check', findingColumns],
    ['jobs', jobColumns],
    ['state', stateColumns],
    ['mmu', mmuColumns],
    ['walk', walkColumns],
    ['blame', blameColumns],
    ['diff', diffColumns],
  ] as const) {
    expect(text).toContain(`| \`${command}\` | ${columns.map((column) => column.name).join(', ')} |`);
  }
});

it('docs/tables.md lists the columns of the exported tables', () => {
  const TABLES_PAGE = docs('tables.md');
  const tables = TABLES.map(({ name, meaning, columns }) => {
    const rows = columns.map((column) => `| ${column.name} | ${column.type} | ${column.meaning} |\n`).join('');
    return `### ${name}\n\nA row: ${meaning}.\n\n| column | type | |\n|---|---|---|\n${rows}`;
  });
  const text = readFileSync(TABLES_PAGE, 'utf8');
  const head = text.slice(0, text.indexOf('\n## Columns\n'));
  const whole = `${head}\n## Columns\n\n${tables.join('\n')}`;
  if (process.env['UPDATE'] === '1') writeFileSync(TABLES_PAGE, whole);
  expect(readFileSync(TABLES_PAGE, 'utf8')).toBe(whole);
});

it('docs/page-tables.md names functions that are understood', () => {
  const section = readFileSync(docs('page-tables.md'), 'utf8');
  const named = [...section.matchAll(/\b[a-z]+(_[a-z0-9]+)+\b/g)].map(([name]) => name);
  const known = new Set(probes.map(({ symbol }) => symbol.replace(/^\w+:/, '')));
  const others = new Set(['run_job', 'drm_dbg']);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !known.has(name) && !others.has(name))).toEqual([]);
});

it('README begins with the two commands, and the first shows findings', () => {
  const text = readFileSync(README, 'utf8');
  expect(text.split('\n').slice(3, 5)).toEqual([
    'npm ci && npx gpuvm-trace check fixtures/lab/missing/trace.txt',
    'npm ci && npm test',
  ]);
  const { code, out } = run(['check', 'fixtures/lab/missing/trace.txt']);
  expect(code).toBe(1);
  expect(out).toContain('[missing-lock]');
});

it('docs/kernels-and-patches.md names the switches that change verdicts', () => {
  const text = readFileSync(docs('kernels-and-patches.md'), 'utf8');
  const named = [...text.matchAll(/^\| ([a-z]+-[a-z-]+) \|/gm)].map(([, name]) => name);
  expect(named.length).toBe(3);
  expect(named.filter((name) => !switches.some((one) => one.name === name))).toEqual([]);
});

it('docs/ci.md shows reports that check writes, and names all of its formats', () => {
  const section = readFileSync(docs('ci.md'), 'utf8');
  const named = [...section.matchAll(/^\| `(\w+)` \| (?:SARIF|JUnit|GitLab|workflow|KTAP|one page)/gm)].map(
    ([, name]) => name,
  );
  expect(['text', 'csv', 'json', 'ndjson', ...named]).toEqual(CHECK_FORMATS);
  const folder = mkdtempSync(path.join(tmpdir(), 'reports-'));
  try {
    const args = (/^\$ gpuvm-trace (check .*--report.*)$/m.exec(section)?.[1] ?? '').split(' ');
    const files = args.flatMap((arg) => /^\w+=(.+)$/.exec(arg)?.[1] ?? []);
    expect(files).toHaveLength(3);
    const placed = args.map((arg) => arg.replace(/=(.+)$/, (_, file: string) => `=${path.join(folder, file)}`));
    const trace = 'fixtures/lab/missing/trace.txt';
    const { code, out } = run(placed.map((arg) => (arg === '*.txt' ? trace : arg)));
    expect(code).toBe(1);
    expect(out).toContain('[missing-lock]');
    for (const file of files) expect(readFileSync(path.join(folder, file), 'utf8')).toContain(trace);
    for (const [, format = ''] of section.matchAll(/--format (github|ktap)/g)) {
      const shown = run(['check', trace, '--format', format]);
      expect(shown.code).toBe(1);
      expect(shown.out).toContain(trace);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('docs/ci.md shows how a baseline is written and used', () => {
  const lines = [
    ...readFileSync(docs('ci.md'), 'utf8').matchAll(/^\$ gpuvm-trace (check trace\.txt --baseline .*?) +#/gm),
  ];
  const folder = mkdtempSync(path.join(tmpdir(), 'baseline-'));
  const places = new Map([
    ['trace.txt', 'fixtures/lab/missing/trace.txt'],
    ['known.json', path.join(folder, 'known.json')],
  ]);
  try {
    const codes = lines.map(([, args = '']) => run(args.split(' ').map((arg) => places.get(arg) ?? arg)).code);
    expect(codes).toEqual([0, 0]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
