// Real recordings against trace-cmd's own report of them; the same recordings stored in every other way.
//
// fixtures/lab/tracecmd-*: 6.18/tracecmd-{misc,lost}.dat, made smaller by `trace-cmd convert --file-version 6`, cutting
// all of kallsyms but drm and the lab module, and `trace-cmd convert` back to version 7 with zstd.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { sourceOf } from '../../src/ftrace/trace_dat/index.ts';
import { build, dissect, inflate, type Parts } from './trace_dat_build.ts';
import { listing, open, readReport, toMicroseconds, withoutEnd } from './trace_dat_listing.ts';
import { swapPages } from './trace_dat_swap.ts';

const FIXTURES = new URL('../../fixtures/lab/', import.meta.url);
/** A folder of more recordings, by kernel version; without it the fixtures have to do. */
const CAPTURES = process.env.GPUVM_TRACE_CAPTURES ?? '';
const LITTLE = { bigEndian: false, pagesPerChunk: 2 };

function unzip(path: string | URL): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(path)));
}

describe.each(['tracecmd-misc', 'tracecmd-lost'])('%s', (name) => {
  const bytes = unzip(new URL(`${name}/trace.dat.gz`, FIXTURES));
  const dat = open(sourceOf(bytes));
  const lines = withoutEnd(listing(dat));

  test('equals trace-cmd report -R -t', () => {
    const report = Buffer.from(unzip(new URL(`${name}/report-R-t.txt.gz`, FIXTURES))).toString('latin1');
    expect(lines).toEqual(readReport(report, dat));
    expect(lines.length).toBeGreaterThan(600);
    expect(dat.diagnostics).toEqual([]);
  });

  test('tells of the machine', () => {
    expect(dat.header).toMatchObject({
      version: 7,
      bigEndian: false,
      longSize: 8,
      pageSize: 4096,
      compression: 'zstd',
    });
    expect(dat).toMatchObject({ clock: 'local', cpuCount: 2, uname: 'Linux (none) 6.18.35-lab x86_64' });
    expect(dat.cpuStats).toHaveLength(2);
    expect(dat.cpuStats[1]).toMatch(/^CPU: 1\nentries: \d+\noverrun: 0\n/);
    expect(dat.buffers.map((buffer) => buffer.name)).toEqual(['']);
  });

  test('names the functions of probes', () => {
    const names = new Set<string | undefined>();
    for (const { values } of lines) if (values.__probe_ip) names.add(dat.symbolOf(asPtr(values.__probe_ip)));
    expect(names).toContain('drm_gpuvm_sm_map');
    expect(names).not.toContain(undefined);
    expect(dat.symbolOf(4096)).toBeUndefined();
  });

  test('passes over the events that are not accepted, not over losses', () => {
    const asked: string[] = [];
    const seen: string[] = [];
    dat.forEachEvent(
      (e) => seen.push(e.format.name),
      (cpu, count) => seen.push(`${cpu} ${count ?? '?'}`),
      (format) => asked.push(format.name) > 0 && format.name === 'sm_map',
    );
    const wanted = lines.filter((line) => line.name === 'sm_map' || line.name === '');
    expect(seen).toEqual(wanted.map((line) => line.name || `${line.cpu} ${line.values.count}`));
    expect(new Set(asked).size).toBe(asked.length);
  });

  const parts = dissect(bytes);
  test.each([
    ['version 6', { ...LITTLE, version: 6, compression: 'none' }],
    ['version 7, not compressed', { ...LITTLE, version: 7, compression: 'none' }],
    ['version 7, zlib', { ...LITTLE, version: 7, compression: 'zlib' }],
  ] as const)('%s says the same', (_, storage) => {
    const other = open(sourceOf(build(parts, storage)), { zlib: inflate });
    expect(withoutEnd(listing(other))).toEqual(lines);
    expect(other.diagnostics).toEqual([]);
  });

  test.each([6, 7] as const)('big endian, version %i, says the same', (version) => {
    const formats = [...dat.formats.values()];
    const swapped: Parts = { ...parts, options: [] };
    swapped.buffers = parts.buffers.map((buffer) => ({
      ...buffer,
      cpus: buffer.cpus.map(({ cpu, pages }) => ({ cpu, pages: swapPages(pages, buffer.pageSize, formats) })),
    }));
    const storage = { version, bigEndian: true, compression: 'none', pagesPerChunk: 1 } as const;
    const other = open(sourceOf(build(swapped, storage)));
    expect(withoutEnd(listing(other))).toEqual(lines);
    expect(other.diagnostics).toEqual([]);
  });
});

function asPtr(text: string): number {
  return Number(BigInt.asIntN(64, BigInt(text)));
}

const captures = ['6.12', '6.18'].flatMap((version) => {
  const folder = `${CAPTURES}/${version}`;
  if (CAPTURES === '' || !existsSync(folder)) return [];
  return readdirSync(folder).flatMap((file) => (/^tracecmd-.*\.dat\.gz$/.test(file) ? [`${folder}/${file}`] : []));
});

describe.skipIf(captures.length === 0).each(captures)('%s', (path) => {
  const dat = open(sourceOf(unzip(path)));
  const lines = withoutEnd(listing(dat));
  const rounded = lines.map((line) => (line.name === '' ? line : { ...line, time: toMicroseconds(line.time) }));
  const base = path.replace(/\.dat\.gz$/, '');

  test.each(['.report.txt', '.report-R.txt', '.report-t.txt'])('equals %s', (suffix) => {
    if (!existsSync(base + suffix)) return;
    const report = readReport(readFileSync(base + suffix, 'latin1'), dat);
    expect(suffix === '.report-t.txt' ? lines : rounded).toEqual(report);
    expect(dat.diagnostics).toEqual([]);
  });
});
