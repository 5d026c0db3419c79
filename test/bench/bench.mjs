// What an analysis costs, as ratios to tools that are everywhere: `npm run bench [-- CAPTURE]` after `npm run build`.
// Each ratio is the median of runs that take turns within one call, so that a busy machine slows both sides.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { findCapture, writeMixed, writeRepeated, writeRepeatedDat } from './inputs.mjs';
import { sparseKilobytes } from './mmu_costs.mjs';
import { opCosts } from './op_costs.mjs';

/** Long enough that compiling the program, a second or so, is not what is measured. */
const LINES = 8_000_000;
const RUNS = 3;
const ROOT = path.resolve(import.meta.dirname, '../..');
const CLI = path.join(ROOT, 'dist/bin/gpuvm-trace.js');
const DAT = path.join(ROOT, 'fixtures/lab/tracecmd-misc/trace.dat.gz');
/** Ten jobs, seven hundred lines. */
const SMALL = path.join(ROOT, 'fixtures/lab/correct-ops/trace.txt');

/** Certificates that Node reads ahead of everything would make each start alike. */
const { NODE_EXTRA_CA_CERTS: _, ...ENV } = process.env;

const folder = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-bench-'));
const inFolder = (name) => path.join(folder, name);

/** Seconds of one run from start to exit. */
function seconds([command, ...args], ok = [0]) {
  const start = performance.now();
  const run = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'ignore'], env: ENV });
  if (run.error || !ok.includes(run.status))
    throw new Error(`${command} ${args.join(' ')}: ${run.error ?? run.status}`);
  return (performance.now() - start) / 1000;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** The median ratio of a's time to b's, and the median time of each, over runs that take turns. */
function compare(a, b, runs = RUNS) {
  const times = [];
  for (let i = 0; i <= runs; i++) times.push([seconds(a, [0, 1, 3]), seconds(b, [0, 1, 3])]);
  times.shift(); // the first warms the page cache
  return {
    ratio: median(times.map(([x, y]) => x / y)),
    a: median(times.map(([x]) => x)),
    b: median(times.map(([, y]) => y)),
  };
}

/** Peak memory of a run in MB, as the run itself sees it at its end. */
function peak(command) {
  const hook = inFolder('peak.cjs');
  const out = inFolder('peak.txt');
  const write = `require('node:fs').writeFileSync(${JSON.stringify(out)}, String(process.resourceUsage().maxRSS))`;
  writeFileSync(hook, `process.on('exit', () => ${write});`);
  spawnSync(command[0], ['-r', hook, ...command.slice(1)], { stdio: 'ignore' });
  return Number(readFileSync(out, 'latin1')) / 1024;
}

const check = (file) => [process.execPath, CLI, 'check', '--fail-on', 'never', file];

function show(what, value, note) {
  console.log(`${what.padEnd(58)} ${value.padStart(9)}   ${note}`);
}

const times = (value) => `${value.toFixed(value < 10 ? 2 : 1)} x`;

function traceCmd(count) {
  const version = spawnSync('trace-cmd', ['--version'], { encoding: 'utf8' });
  if (version.error) return 'not installed';
  writeFileSync(inFolder('7.dat'), gunzipSync(readFileSync(DAT)));
  const old = ['convert', '-i', inFolder('7.dat'), '-o', inFolder('6.dat'), '--file-version', '6'];
  if (spawnSync('trace-cmd', old, { stdio: 'ignore' }).status !== 0) return 'this one cannot convert';
  const report = spawnSync('trace-cmd', ['report', '-i', inFolder('6.dat')], {
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  const events = report.stdout.split('\n').filter((line) => / \d+\.\d+: /.test(line)).length;
  const turns = Math.ceil(count / events);
  writeRepeatedDat(inFolder('big.dat'), readFileSync(inFolder('6.dat')), turns);
  const { a, b } = compare(check(inFolder('big.txt')), ['trace-cmd', 'report', '-i', inFolder('big.dat')], 3);
  const theirs = (turns * events) / b;
  show('events/s of check of text, trace-cmd report = 1', times(count / a / theirs), 'goal: at least 2, better 4');
  const same = compare(check(inFolder('big.dat')), ['trace-cmd', 'report', '-i', inFolder('big.dat')], 3);
  show('events/s of check of its own trace.dat, trace-cmd report = 1', times(1 / same.ratio), 'goal: at least 4');
  return undefined;
}

try {
  if (!existsSync(CLI)) throw new Error(`${CLI} is missing: run \`npm run build\` first`);
  const { file, lines } = findCapture(process.argv[2]);
  console.log(`repeated: ${path.relative(ROOT, file)}, ${lines.length} lines; medians of ${RUNS} runs\n`);
  writeRepeated(inFolder('big.txt'), lines, LINES / 2);
  const once = peak(check(inFolder('big.txt')));
  const count = writeRepeated(inFolder('big.txt'), lines, LINES);
  const wc = compare(check(inFolder('big.txt')), ['wc', '-l', inFolder('big.txt')]);
  show(`time of check on ${count} lines, wc -l = 1`, times(wc.ratio), 'goal: at most 20');
  const tables = compare(check(inFolder('big.txt')), [...check(inFolder('big.txt')), '--mmu', 'off'], 5);
  show('the same, check without page tables = 1', times(tables.ratio), 'goal: below 1.5');
  const why = traceCmd(count);
  if (why !== undefined) show('events/s of check, trace-cmd report = 1', 'skipped', `trace-cmd: ${why}`);
  const twice = peak(check(inFolder('big.txt')));
  show('peak memory', `${twice.toFixed(0)} MB`, 'goal: below 200');
  show('peak memory of half as many lines = 1', times(twice / once), 'goal: flat');
  const mixed = writeMixed(inFolder('big.txt'), lines, LINES);
  const other = compare(check(inFolder('big.txt')), ['wc', '-l', inFolder('big.txt')]);
  show(`time of check on ${mixed} lines, 95% other events, wc -l = 1`, times(other.ratio), 'goal: at most 8');
  const { small, large } = await opCosts(ROOT);
  show(
    'time of an op in a VM of 100,000 mappings, of 1,000 = 1',
    times(large / small),
    `goal: at most 2; ${small.toFixed(1)} us with 1,000`,
  );
  show('a table with 1 TiB mapped', `${(await sparseKilobytes(ROOT)).toFixed(0)} KB`, 'goal: kilobytes');
  const start = compare([process.execPath, CLI, '--version'], [process.execPath, '-e', '0'], 11);
  const more = ({ a, b }) => `${(1000 * (a - b)).toFixed(0)} ms more`;
  show('time of --version, node -e 0 = 1', times(start.ratio), `goal: at most 1.3; ${more(start)}`);
  const one = compare(check(SMALL), [process.execPath, '-e', '0'], 11);
  show('time of check of a small capture, node -e 0 = 1', times(one.ratio), `goal: at most 2.5; ${more(one)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
