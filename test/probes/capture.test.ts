// The capture script, run by real shells on a directory that stands for tracefs.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { captureScript } from '../../src/probes/capture.ts';
import { type ProbeRequest, probeLines, type TracefsMode } from '../../src/probes/listing.ts';
import { kernelEvents } from '../../src/probes/probe_list.ts';
import { kernelOf } from './kernel.ts';

const kernel = kernelOf('6.12');
if (kernel === undefined) throw new Error('6.12');
const REQUEST: ProbeRequest<TracefsMode> = { kernel, driver: 'xe', mode: 'fprobe', arch: 'x86_64', minimal: true };
const EVENTS = probeLines(REQUEST).map(({ event }) => event);
const EVENTS_OF_XE = kernelEvents('xe').flat();
const SHELLS = ['sh', 'bash --posix'] as const;

const STATS = (entries: number, overrun: number, dropped: number) =>
  `entries: ${entries}\noverrun: ${overrun}\ncommit overrun: 0\nbytes: ${entries * 100}\noldest event ts:   1.5\nnow ts:  2.5\ndropped events: ${dropped}\nread events: 0\n`;

let dir: string;

/** What the kernel makes of mkdir and rmdir in instances/; the stubs come first in PATH. */
function makeTracefs({
  refused = '',
  events = EVENTS_OF_XE,
  stats = STATS(10, 0, 0),
  trace = '# tracer: nop\n task-1 x\n',
} = {}): void {
  for (const event of EVENTS) if (event !== refused) mkdirSync(file('events/gpuvm', event), { recursive: true });
  mkdirSync(file('instances'));
  writeFileSync(file('dynamic_events'), 'p:mine/other vfs_read\n');
  writeFileSync(file('made.trace'), trace);
  writeFileSync(file('made.stats'), stats);
  const all = [...EVENTS.map((event) => `gpuvm/${event}`), ...events];
  const folders = ['per_cpu/cpu0', ...all.map((event) => `events/${event}`)];
  stub(
    'mkdir',
    `case $1 in */instances/*) command -p mkdir "$1" && cd "$1" && command -p mkdir -p ${folders.join(' ')} &&
cp '${file('made.trace')}' trace && cp '${file('made.stats')}' per_cpu/cpu0/stats;; *) command -p mkdir "$@";; esac`,
  );
  stub('rmdir', `command -p cp -r "$1" '${file('removed')}' && command -p rm -r "$1"`);
  stub('sleep', ':');
}

function stub(name: string, body: string): void {
  mkdirSync(path.join(dir, 'bin'), { recursive: true });
  writeFileSync(path.join(dir, 'bin', name), `#!/bin/sh\n${body}\n`);
  chmodSync(path.join(dir, 'bin', name), 0o755);
}

function file(...parts: string[]): string {
  return path.join(dir, 'tracefs', ...parts);
}

function environment(): NodeJS.ProcessEnv {
  const PATH = `${path.join(dir, 'bin')}:${process.env['PATH'] ?? ''}`;
  return { PATH, TRACEFS: file(), OUT: path.join(dir, 'out') };
}

function runScript(shell: string, command: readonly string[], request = REQUEST) {
  const script = path.join(dir, 'capture.sh');
  writeFileSync(script, captureScript(request, command));
  const [program = '', ...args] = shell.split(' ');
  const ran = spawnSync(program, [...args, script], { encoding: 'utf8', env: environment(), cwd: dir, input: '' });
  return { code: ran.status, out: ran.stdout, err: ran.stderr };
}

/** What is left of the definitions once those that were taken back are gone. */
function definitionsLeft(): string[] {
  const left: string[] = [];
  for (const line of readFileSync(file('dynamic_events'), 'utf8').trimEnd().split('\n')) {
    const removed = /^-:(.*)$/.exec(line)?.[1];
    if (removed === undefined) left.push(line);
    else
      left.splice(
        left.findIndex((one) => one.split(' ')[0]?.split(':')[1] === removed),
        1,
      );
  }
  return left;
}

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'gpuvm-trace-capture-'));
  mkdirSync(file());
});
afterEach(() => rmSync(dir, { recursive: true }));

describe.each(SHELLS)('in %s', (shell) => {
  it('installs, captures and cleans up', () => {
    makeTracefs();
    const { code, err } = runScript(shell, [
      'sh',
      '-c',
      `cat '${file('instances/gpuvm-trace/tracing_on')}' > on; exit 7`,
    ]);
    expect(code).toBe(7);
    expect(err).toMatch(/^gpuvm-trace: saved in .*\n$/);
    expect(readFileSync(path.join(dir, 'on'), 'utf8')).toBe('1\n');
    expect(readFileSync(path.join(dir, 'out/trace.txt'), 'utf8')).toContain('task-1 x');
    expect(readFileSync(path.join(dir, 'out/stats.txt'), 'utf8')).toContain('entries: 10');
    const saved = readFileSync(path.join(dir, 'out/dynamic_events'), 'utf8');
    for (const { line } of probeLines(REQUEST)) expect(saved).toContain(`${line}\n`);
    expect(definitionsLeft()).toEqual(['p:mine/other vfs_read']);
    expect(existsSync(file('instances/gpuvm-trace'))).toBe(false);
    const set = (name: string) => readFileSync(file('removed', name), 'utf8').trim();
    expect(set('trace_options')).toBe('nohash-ptr');
    expect(set('trace_clock')).toBe('global');
    expect(set('buffer_size_kb')).toBe('65536');
    expect(set('tracing_on')).toBe('0');
    for (const event of [...EVENTS.map((one) => `gpuvm/${one}`), 'xe/xe_vma_bind']) {
      expect(set(`events/${event}/enable`)).toBe('1');
    }
  });

  it('names what the kernel refuses, and why, and goes on', () => {
    makeTracefs({ refused: 'exec_fini' });
    const line = probeLines(REQUEST).find(({ event }) => event === 'exec_fini')?.line;
    writeFileSync(file('error_log'), `[  1.0] trace_fprobe: error: No BTF entry\n  Command: ${line}\n           ^\n`);
    const { code, err } = runScript(shell, ['true']);
    expect(code).toBe(0);
    expect(err).toContain('refused: exec_fini\ngpuvm-trace:   No BTF entry\n');
    expect(err.match(/refused/g)).toHaveLength(1);
    expect(existsSync(file('removed/events/gpuvm/exec_init/enable'))).toBe(true);
    expect(existsSync(file('removed/events/gpuvm/exec_fini/enable'))).toBe(false);
  });

  it('says nothing of what only later versions of the series have, and takes it where it is there', () => {
    const request = { ...REQUEST, kernel: kernelOf('6.18'), backports: { deferredVmBo: true } };
    for (const event of probeLines(request)
      .filter(({ certain }) => certain)
      .map((one) => one.event))
      mkdirSync(file('events/gpuvm', event), { recursive: true });
    makeTracefs({ events: [...EVENTS_OF_XE, 'gpuvm/va_unlink_defer'] });
    expect(runScript(shell, ['true'], request).err).toMatch(/^gpuvm-trace: saved in .*\n$/);
    rmSync(path.join(dir, 'out'), { recursive: true });
    rmSync(file('removed'), { recursive: true });
    mkdirSync(file('events/gpuvm/va_unlink_defer'));
    expect(runScript(shell, ['true'], request).err).toMatch(/^gpuvm-trace: saved in .*\n$/);
    expect(readFileSync(path.join(dir, 'out/dynamic_events'), 'utf8')).toContain(':gpuvm/va_unlink_defer ');
    expect(readFileSync(file('removed/events/gpuvm/va_unlink_defer/enable'), 'utf8')).toBe('1\n');
  });

  it.each([
    ['before 6.16', ['drm_sched_job', 'drm_run_job', 'drm_sched_process_job'], ''],
    ['from 6.16 on', ['drm_sched_job_queue', 'drm_sched_job_run', 'drm_sched_job_done'], ''],
    [
      'lacking one',
      ['drm_sched_job_queue', 'drm_sched_job_done'],
      'gpuvm-trace: no event gpu_scheduler/drm_sched_job_run\n',
    ],
  ])("the scheduler's events by the names that they have %s", (_, names, said) => {
    const fences = ['signaled', 'wait_start', 'wait_end'].map((name) => `dma_fence/dma_fence_${name}`);
    makeTracefs({ events: [...names.map((name) => `gpu_scheduler/${name}`), ...fences] });
    const { code, err } = runScript(shell, ['true'], { ...REQUEST, driver: 'nouveau' });
    expect(code).toBe(0);
    expect(err.replace(/gpuvm-trace: (refused|saved).*\n/g, '')).toBe(said);
    for (const name of names)
      expect(readFileSync(file('removed/events/gpu_scheduler', name, 'enable'), 'utf8')).toBe('1\n');
    expect(readdirSync(file('removed/events/gpu_scheduler'))).toHaveLength(names.length);
    for (const name of fences) expect(readFileSync(file('removed/events', name, 'enable'), 'utf8')).toBe('1\n');
  });

  it('hands the command over unharmed', () => {
    makeTracefs();
    const words = [
      "it's",
      '"two"  words',
      'a\nb',
      '$(touch harmed)',
      '`touch harmed`',
      '$HOME',
      '\\n',
      '*',
      '',
      '-n',
      'ä',
    ];
    const { out } = runScript(shell, ['printf', '<%s>', ...words]);
    expect(out).toBe(words.map((word) => `<${word}>`).join(''));
    expect(existsSync(path.join(dir, 'harmed'))).toBe(false);
  });

  it('is not ended by its command', () => {
    makeTracefs();
    expect(runScript(shell, ['exit', '3']).code).toBe(3);
    expect(existsSync(path.join(dir, 'out/trace.txt'))).toBe(true);
  });

  it('says what was lost and which buffer would have held it', () => {
    makeTracefs({ stats: STATS(1000, 3000, 50) });
    // 101 bytes an event, 4050 events, and a quarter more.
    expect(runScript(shell, ['true']).err).toContain('3050 events were lost: BUFFER_KB=500 would have held them');
  });

  it('says that nothing came', () => {
    makeTracefs({ trace: '# tracer: nop\n#\n' });
    expect(runScript(shell, ['true']).err).toContain('no event was recorded');
  });

  it('leaves an instance alone that it did not make', () => {
    makeTracefs();
    mkdirSync(file('instances/gpuvm-trace'));
    const { code, err } = runScript(shell, ['true']);
    expect(code).toBe(2);
    expect(err).toContain('if an earlier run left it, remove it with rmdir');
    expect(existsSync(file('instances/gpuvm-trace'))).toBe(true);
    expect(definitionsLeft()).toEqual(['p:mine/other vfs_read']);
  });

  it('does nothing where there is no tracefs', () => {
    const { code, err } = runScript(shell, ['true']);
    expect(code).toBe(2);
    expect(err).toContain('is tracefs mounted, are you root?');
    expect(existsSync(path.join(dir, 'out'))).toBe(false);
  });

  it('without a command, traces until a signal and saves', async () => {
    makeTracefs();
    const script = path.join(dir, 'capture.sh');
    writeFileSync(script, captureScript(REQUEST, []));
    const [program = '', ...args] = shell.split(' ');
    const child = spawn(program, [...args, script], {
      env: environment(),
      cwd: dir,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    const code = await new Promise((resolve) => {
      child.stderr.on('data', (text: Buffer) => {
        err += text.toString();
        if (err.includes('stop it')) child.kill('SIGTERM');
      });
      child.on('close', resolve);
    });
    expect(code).toBe(0);
    expect(err).toContain('saved in');
    expect(existsSync(file('instances/gpuvm-trace'))).toBe(false);
  });
});
