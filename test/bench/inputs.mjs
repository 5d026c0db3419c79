// Inputs too large to keep: a small real capture repeated, with fresh pointers, tasks, jobs and times in each turn.
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Sought in this order; any capture in the kernel's default layout will do. */
const CAPTURES = [
  'fixtures/lab/fuzz-correct',
  'fixtures/lab',
  '../shared/captures/6.18/fuzz-correct.txt.gz',
  '../shared/captures/6.18/fuzz-mixed.txt.gz',
];

function read(file) {
  const bytes = readFileSync(file);
  return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString('latin1');
}

function* capturesIn(place) {
  if (/\.txt(\.gz)?$/.test(place)) yield place;
  else if (!/\.\w+$/.test(place)) {
    for (const entry of readdirSync(place, { recursive: true })) {
      if (/\.txt(\.gz)?$/.test(entry)) yield path.join(place, entry);
    }
  }
}

const EVENT = /^ *.{1,16}-\d+ +\[\d+\] \S{4,8} +\d+\.\d+: \w+: \(/m;

/** The lines of the longest capture there is in one of the places, without its header. */
export function findCapture(given) {
  let best = { file: '', lines: [] };
  for (const place of given === undefined ? CAPTURES : [given]) {
    const full = path.resolve(ROOT, place);
    if (!existsSync(full)) continue;
    for (const file of capturesIn(full)) {
      const text = read(file);
      if (!EVENT.test(text)) continue;
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      if (lines.length > best.lines.length) best = { file, lines };
    }
    if (best.lines.length > 5000) break;
  }
  if (best.lines.length === 0) throw new Error('no capture to repeat; give one: npm run bench -- CAPTURE');
  return best;
}

const CHANGING = /(0xffff)([0-9a-f]{4})|-(\d+)( +\[)|( \d+)(\.\d{6}: )|( (?:job|id)=)(\d+)\b/g;

/** The capture's lines as if recorded in its `turn`th repetition. */
function turned(text, turn) {
  return text.replace(CHANGING, (_, high, digits, pid, bracket, seconds, micros, key, job) => {
    if (digits !== undefined) {
      const next = (Number.parseInt(digits, 16) + turn) & 0xffff;
      return high + next.toString(16).padStart(4, '0');
    }
    if (pid !== undefined) return `-${((Number(pid) + turn * 10) % 99999) + 1}${bracket}`;
    if (seconds !== undefined) return ` ${Number(seconds) + turn * 10}${micros}`;
    return key + (Number(job) + turn * 100_000);
  });
}

/** Writes at least `count` lines; returns how many. */
export function writeRepeated(file, lines, count) {
  const turns = Math.ceil(count / lines.length);
  const total = turns * lines.length;
  const text = `${lines.join('\n')}\n`;
  const fd = openSync(file, 'w');
  writeSync(fd, header(total), null, 'latin1');
  for (let turn = 0; turn < turns; turn++) writeSync(fd, turned(text, turn), null, 'latin1');
  closeSync(fd);
  return total;
}

function header(total) {
  return `# tracer: nop\n#\n# entries-in-buffer/entries-written: ${total}/${total}   #P:2\n#\n`;
}

const OTHERS = [
  'sched_switch: prev_comm=kworker/1:2 prev_pid=4711 prev_prio=120 prev_state=I ==> next_comm=Xorg next_pid=812 next_prio=120',
  'sched_waking: comm=Xorg pid=812 prio=120 target_cpu=001',
  'irq_handler_entry: irq=38 name=nvme0q1',
  'kmem_cache_free: call_site=__fput+0x14e/0x290 ptr=00000000ed4d0feb name=filp',
  'hrtimer_expire_entry: hrtimer=00000000a5b1c2d3 function=tick_nohz_handler now=846067361000',
];

/** The same with 19 events that are none of ours between any two. */
export function writeMixed(file, lines, count) {
  const turns = Math.ceil(count / (lines.length * 20));
  const total = turns * lines.length * 20;
  const fd = openSync(file, 'w');
  writeSync(fd, header(total), null, 'latin1');
  for (let turn = 0, n = 0; turn < turns; turn++) {
    const parts = [];
    for (const line of turned(lines.join('\n'), turn).split('\n')) {
      const time = / (\d+\.\d{6}): /.exec(line)?.[1] ?? '1.000000';
      for (let i = 0; i < 19; i++, n++) {
        const task = `task-${n % 7}`.padStart(16);
        const pid = String(800 + (n % 7)).padEnd(7);
        parts.push(`${task}-${pid} [00${n % 2}] d..2. ${time.padStart(12)}: ${OTHERS[n % OTHERS.length]}\n`);
      }
      parts.push(`${line}\n`);
    }
    writeSync(fd, parts.join(''), null, 'latin1');
  }
  closeSync(fd);
  return total;
}

/** Nanoseconds between the turns of a repeated trace.dat: longer than any of the small captures. */
const TURN = 1_000_000_000_000n;
const PAGE = 4096;

/** Ring buffer pages as if recorded in their `turn`th repetition; each turn makes its VMs and objects anew. */
function turnedPages(pages, turn) {
  const copy = Buffer.from(pages);
  for (let page = 0; page + PAGE <= copy.length; page += PAGE) {
    copy.writeBigUInt64LE(copy.readBigUInt64LE(page) + BigInt(turn) * TURN, page);
  }
  return copy;
}

/** A trace.dat of version 6 with the pages of each CPU `turns` times over. */
export function writeRepeatedDat(file, dat, turns) {
  const table = dat.indexOf('flyrecord\0') + 10;
  const options = dat.lastIndexOf('options  \0', table);
  const cpus = dat.readUInt32LE(options - 4);
  const head = Buffer.from(dat.subarray(0, Number(dat.readBigUInt64LE(table))));
  const fd = openSync(file, 'w');
  writeSync(fd, head);
  let at = BigInt(head.length);
  for (let cpu = 0; cpu < cpus; cpu++) {
    const entry = table + 16 * cpu;
    const offset = Number(dat.readBigUInt64LE(entry));
    const size = Number(dat.readBigUInt64LE(entry + 8));
    const pages = dat.subarray(offset, offset + size);
    for (let turn = 0; turn < turns; turn++) writeSync(fd, turnedPages(pages, turn));
    head.writeBigUInt64LE(at, entry);
    head.writeBigUInt64LE(BigInt(size * turns), entry + 8);
    at += BigInt(size * turns);
  }
  writeSync(fd, head, 0, head.length, 0);
  closeSync(fd);
}
