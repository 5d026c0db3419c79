// Everything that is ever printed of a trace, and what must hold of each form whatever the trace holds.
import { parse } from 'csv-parse/sync';
import { Analysis, type AnalyzeOptions, type Report } from '../../src/analyze.ts';
import { UserError } from '../../src/base/user_error.ts';
import { rules as allRules } from '../../src/checks/index.ts';
import { renderCheck } from '../../src/cli/check_formats.ts';
import { textOf } from '../../src/cli/check_text.ts';
import { RESULT_FORMATS } from '../../src/cli/format_names.ts';
import { hash } from '../../src/findings/fingerprint.ts';
import type { Job } from '../../src/replay/job.ts';
import { type BlameRow, blameColumns } from '../../src/reporters/blame_rows.ts';
import { blameText } from '../../src/reporters/blame_text.ts';
import { jobColumns } from '../../src/reporters/columns.ts';
import { printable } from '../../src/reporters/escape.ts';
import { FORMATS } from '../../src/reporters/formats.ts';
import { showJob } from '../../src/reporters/show.ts';
import { plainStyle } from '../../src/reporters/style.ts';
import { toFormat } from '../../src/reporters/table.ts';
import { ktapTree } from '../reporters/ktap_tree.ts';
import { stateText } from './late.ts';

/** By the command and its format. */
export type Rendered = ReadonlyMap<string, string>;

export interface Analyzed {
  readonly report: Report;
  readonly jobs: readonly Job[];
}

/** The address that `blame` is asked for: one that the lab's captures map and unmap. */
const ADDRESS = 0x110000;
/** Jobs that are shown. */
const SHOWN = 1;
/** Rules whose cases are in the reports for CI, beside those that found something: each is said in full. */
const RULES = 1;

const LOOK = { links: false, width: undefined, allNotes: false };
const plainText = await textOf({ failOn: 'error' }, { ...LOOK, colors: false });
const coloredText = await textOf({ failOn: 'error' }, { ...LOOK, colors: true });

export type Options = Omit<AnalyzeOptions, 'file'>;

/** Undefined where the input is refused; the refusal is then a line that may be printed. */
export function analyzed(
  feed: (analysis: Analysis) => void,
  file: string,
  options: Options = {},
): Analyzed | undefined {
  const jobs: Job[] = [];
  try {
    const analysis = new Analysis({
      ...options,
      file,
      watch: { addr: ADDRESS },
      onJob: (job) => {
        if (jobs.length < SHOWN) jobs.push(job);
      },
    });
    feed(analysis);
    return { report: analysis.finish(), jobs };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    checkPlain(printable(error.message));
    if (error.message.includes('\n') || error.message.length > 2000) throw new Error(`no line: ${error.message}`);
    return undefined;
  }
}

/** What is told of it to machines: the same text wherever it was told the same. */
export function summary({ report }: Analyzed): string {
  const { findings, jobs, doubts, diagnostics, losses, stats } = report;
  const told = { findings, jobs, doubts, diagnostics, losses, lines: stats.lines, events: stats.events };
  return JSON.stringify(told, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

/** One in so many inputs is told in every form, each as text. */
const IN_FULL = 4;

/** Whether this input is: the same for the same bytes, so that what fails fails again. */
export function isInFull(input: Uint8Array): boolean {
  return Number.parseInt(hash(Buffer.from(input).toString('latin1')).slice(0, 8), 16) % IN_FULL === 0;
}

/** What every input is told in. */
export function renderedText({ report }: Analyzed): Rendered {
  const { findings, doubts } = report;
  return new Map([['check text', plainText({ report, findings, known: 0, doubts, jobs: report.jobs })]]);
}

export function rendered({ report, jobs }: Analyzed): Rendered {
  const { findings, doubts } = report;
  const found = new Set(findings.map(({ rule }) => rule));
  const rules = allRules.filter(({ id }, i) => i < RULES || found.has(id));
  const run = {
    traces: [{ report, findings, known: 0, doubts, jobs: report.jobs }],
    unread: [{ file: report.file, message: `${report.file}: no such file` }],
    rules,
    failOn: 'error',
    version: '0.0.0',
  } as const;
  const all = new Map<string, string>();
  for (const format of RESULT_FORMATS)
    all.set(`check ${format}`, format === 'text' ? run.traces.map(plainText).join('') : renderCheck(format, run));
  all.set('check color', run.traces.map(coloredText).join(''));
  const rows = (report.world.watch?.entries ?? []).map((entry): BlameRow => ({ entry }));
  for (const format of FORMATS) {
    all.set(`jobs ${format}`, toFormat(format, jobColumns, report.jobs, { all: 'jobs', one: 'job' }));
    all.set(`blame ${format}`, toFormat(format, blameColumns, rows, { all: 'events', one: 'event' }));
  }
  for (const format of ['csv', 'json', 'ndjson'] as const) all.set(`state ${format}`, stateText(report, format));
  all.set('state gpuvas', stateText(report, 'gpuvas'));
  all.set('blame text', rows.length === 0 ? '' : blameText(rows, report.lines));
  for (const job of jobs) {
    const row = report.jobs.find((one) => one.job === job.id && one.line === job.line);
    if (row !== undefined)
      all.set(
        `show ${job.line} text`,
        showJob(job, row, report.findings, { file: report.file, lines: report.lines, style: plainStyle }),
      );
  }
  return all;
}

/** Throws where one of them is not what a terminal, a spreadsheet, a browser or a CI server can be given. */
export function checkRendered(all: Rendered): void {
  for (const [what, text] of all) {
    try {
      const format = what.slice(what.lastIndexOf(' ') + 1);
      if (format === 'color') checkColored(text, all.get('check text') ?? '');
      else checkPlain(text);
      CHECKS[format]?.(text);
    } catch (error) {
      throw new Error(`${what}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

const CHECKS: Readonly<Record<string, (text: string) => void>> = {
  csv: checkCsv,
  json: (text) => JSON.parse(text),
  sarif: (text) => JSON.parse(text),
  gitlab: (text) => JSON.parse(text),
  ndjson: (text) => {
    for (const line of text.split('\n').slice(0, -1)) JSON.parse(line);
  },
  junit: checkXml,
  github: checkCommands,
  ktap: ktapTree,
};

/** Controls of both kinds, what changes the direction of text or has no width, separators, surrogates alone, private use. */
const UNSAFE = /(?!\n)[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;

export function checkPlain(text: string): void {
  if (/^[\x20-\x7e\n]*$/.test(text)) return;
  const found = UNSAFE.exec(text);
  if (found !== null) {
    const around = text.slice(Math.max(0, found.index - 40), found.index + 20);
    throw new Error(`U+${found[0].codePointAt(0)?.toString(16)} in ${JSON.stringify(around)}`);
  }
}

/** Without the colours that it has of us it is the plain text, so that nobody else's are in it. */
function checkColored(text: string, plain: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are made of
  if (text.replace(/\u001b\[\d+m/g, '') !== plain) throw new Error('it is not the plain text');
}

function checkCsv(text: string): void {
  const records: string[][] = parse(text, { record_delimiter: '\n' });
  const quoted = (cell: string) => (/[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const again = records.map((record) => `${record.map(quoted).join(',')}\n`).join('');
  if (again !== text) throw new Error('another text follows from its cells');
  for (const cell of records.slice(1).flat())
    if (/^[=+\-@\t\r＝＋－＠]/.test(cell) && !/^-\d+$/.test(cell)) throw new Error(`a formula: ${cell}`);
}

const NAME = '[A-Za-z][\\w-]*';
const TOKEN = new RegExp(`<\\?xml[^?]*\\?>|<(${NAME})((?: ${NAME}="[^"<&]*")*)(/?)>|</(${NAME})>|([^<&]+)`, 'y');

/** Well-formed, as far as our own reports need it: elements that nest, attributes that are quoted, entities that XML has. */
function checkXml(text: string): void {
  const bare = text.replace(/&(?:amp|lt|gt|quot);/g, '_');
  const open: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < bare.length) {
    const at = TOKEN.lastIndex;
    const [token, begun, , alone, ended] = TOKEN.exec(bare) ?? [];
    if (token === undefined) throw new Error(`no XML: ${bare.slice(at, at + 60)}`);
    if (begun !== undefined && alone === '') open.push(begun);
    if (ended !== undefined && open.pop() !== ended) throw new Error(`</${ended}> closes something else`);
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is not closed`);
  if (/[\ufffe\uffff]/.test(text)) throw new Error('a character that XML cannot hold');
}

function checkCommands(text: string): void {
  for (const line of text.split('\n').slice(0, -1))
    if (!/^::(?:error|warning|notice) file=[^,:]*(?:,line=\d+)?,title=[^,:]*::/.test(line))
      throw new Error(`no command of ours: ${line}`);
}
