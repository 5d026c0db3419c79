// The real traces that tests run on, each with what the kernel module itself counted and dumped.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Ptr, parseU64, ptrFromU64, type U64 } from '../../src/base/u64.ts';
import { FIXTURES, ROOT } from './run.ts';

export interface Capture {
  readonly name: string;
  readonly read: () => Uint8Array;
  /** The file beside it, decompressed; undefined where there is none. */
  readonly beside: (what: 'truth' | 'vmstate-after' | 'gpuvas-after' | 'gpuvas-edited') => string | undefined;
}

function readAny(file: string): Uint8Array | undefined {
  if (existsSync(file)) return readFileSync(file);
  return existsSync(`${file}.gz`) ? gunzipSync(readFileSync(`${file}.gz`)) : undefined;
}

function captureOf(name: string, stem: string, ending: string, beside: (what: string) => string): Capture {
  return {
    name,
    read: () => {
      const bytes = readAny(`${stem}${ending}`);
      if (bytes === undefined) throw new Error(`no trace at ${stem}`);
      return bytes;
    },
    beside: (what) => {
      const bytes = readAny(beside(what));
      return bytes === undefined ? undefined : Buffer.from(bytes).toString('latin1');
    },
  };
}

/** fixtures/lab/NAME/trace.txt, or fixtures/DRIVER/NAME/trace.txt */
export function fixture(name: string): Capture {
  const dir = path.join(FIXTURES, name.includes('/') ? name : `lab/${name}`);
  return captureOf(name, path.join(dir, 'trace'), '.txt', (what) => path.join(dir, `${what}.txt`));
}

/** Text traces under fixtures/lab. */
export const labFixtures: readonly Capture[] = namesIn('lab').map(fixture);

/** Text traces of modules that follow the flow of a driver, and what was made of such. */
export const driverFixtures: readonly Capture[] = ['msm', 'nouveau', 'xe', 'panthor', 'pvr'].flatMap((driver) =>
  namesIn(driver).map((name) => fixture(`${driver}/${name}`)),
);

function namesIn(driver: string): string[] {
  const dir = path.join(FIXTURES, driver);
  const holds = (name: string) => ['trace.txt', 'trace.txt.gz'].some((file) => existsSync(path.join(dir, name, file)));
  return readdirSync(dir).filter(holds);
}

/** More captures of such modules, where they lie beside the repository; none elsewhere. */
export const moreDriverCaptures: readonly Capture[] = besides('6.18-drivers');

/** More captures, where they lie beside the repository; none elsewhere. */
export const moreCaptures: readonly Capture[] = ['6.12', '6.18'].flatMap(besides);

function besides(kernel: string): Capture[] {
  const dir = path.join(ROOT, '../shared/captures', kernel);
  if (!existsSync(dir)) return [];
  const names = readdirSync(dir).map((file) => /^([^.]+)\.txt(\.gz)?$/.exec(file)?.[1]);
  return names
    .filter((name) => name !== undefined && !/^(big|dmesg)-/.test(name))
    .map((name) =>
      captureOf(`${kernel}/${name}`, path.join(dir, `${name}`), '.txt', (what) =>
        path.join(dir, `${name}.${what}.txt`),
      ),
    );
}

/** What the module counted, by job: `key=value` words of its truth file. */
export function truthOf(text: string): Map<number, Record<string, string>> {
  const jobs = new Map<number, Record<string, string>>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('job=')) continue;
    const words = (line.split(/ \w+\{/)[0] ?? '').split(' ').map((word) => word.split('='));
    const row: Record<string, string> = Object.fromEntries(words.map(([key = '', value = '']) => [key, value]));
    jobs.set(Number(row['job']), row);
  }
  return jobs;
}

export interface DumpedVa {
  readonly addr: U64;
  readonly range: U64;
  readonly obj: Ptr;
  readonly offset: U64;
}

/** The mappings of each VM in the kernel's own dump; pointers stand there without 0x. */
export function vmsOf(dump: string): Map<Ptr, DumpedVa[]> {
  const vms = new Map<Ptr, DumpedVa[]>();
  let mappings: DumpedVa[] = [];
  for (const line of dump.split('\n')) {
    const word = (key: string) => new RegExp(`\\b${key}=(\\w+)`).exec(line)?.[1] ?? '0';
    const u64 = (key: string) => parseU64(word(key)) ?? 0;
    const ptr = (key: string) => ptrFromU64(parseU64(`0x${word(key)}`) ?? 0);
    if (line.startsWith('vm ')) {
      mappings = [];
      vms.set(ptr('gpuvm'), mappings);
    } else if (line.startsWith('va ')) {
      mappings.push({ addr: u64('addr'), range: u64('range'), obj: ptr('obj'), offset: u64('offset') });
    }
  }
  return vms;
}
