// fixtures/ci: what people copy into their pipelines. The scripts in it are run by a shell, shard by shard, then merged.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BIN, FIXTURES } from '../support/run.ts';

const TRACES = ['lab/missing', 'lab/correct', 'msm/unmap-offset', 'msm/correct', 'xe/correct'];

const folder = mkdtempSync(path.join(tmpdir(), 'ci-files-'));
const bin = path.join(folder, 'bin');

beforeAll(() => {
  mkdirSync(bin);
  const command = path.join(bin, 'gpuvm-trace');
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${BIN}' "$@"\n`);
  chmodSync(command, 0o755);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A checkout with captures, as the jobs of a pipeline find it. */
function checkout(name: string, more: Readonly<Record<string, string>> = {}): string {
  const place = path.join(folder, name);
  for (const trace of TRACES)
    cpSync(path.join(FIXTURES, trace), path.join(place, 'captures', trace), { recursive: true });
  for (const [file, text] of Object.entries(more)) {
    mkdirSync(path.dirname(path.join(place, file)), { recursive: true });
    writeFileSync(path.join(place, file), text);
  }
  return place;
}

/** As runners do: line by line, until one fails. */
function script(place: string, lines: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawnSync('bash', ['--norc', '-eo', 'pipefail', '-c', lines.join('\n')], {
    cwd: place,
    encoding: 'utf8',
    env: { PATH: `${bin}:${process.env['PATH'] ?? ''}`, ...env },
  });
}

function read(name: string) {
  return parse(readFileSync(path.join(FIXTURES, 'ci', name), 'utf8'));
}

describe('gitlab-ci.yml', () => {
  const pipeline = read('gitlab-ci.yml');
  const { 'gpuvm-trace': check, 'gpuvm-trace-report': report } = pipeline;
  const shards = Array.from({ length: check.parallel }, (_, i) => i + 1);
  const shard = (place: string, i: number) =>
    script(place, check.script, { CI_NODE_TOTAL: String(check.parallel), CI_NODE_INDEX: String(i) });

  it('has stages, and jobs that need jobs of stages before', () => {
    for (const { stage } of [check, report]) expect(pipeline.stages).toContain(stage);
    expect(report.needs).toEqual(['gpuvm-trace']);
    expect(pipeline.stages.indexOf(check.stage)).toBeLessThan(pipeline.stages.indexOf(report.stage));
    expect(check.artifacts.paths).toEqual(['report-*.json']);
  });

  it('checks each trace in one shard, and the merged report fails the pipeline', () => {
    const place = checkout('gitlab');
    const listed: string[] = [];
    for (const i of shards) {
      expect(shard(place, i)).toMatchObject({ status: 0, stderr: '' });
      listed.push(...readFileSync(path.join(place, 'shard.txt'), 'utf8').trim().split('\n').filter(Boolean));
    }
    expect(listed.map((file) => file.replace(/\.gz$/, '')).toSorted()).toEqual(
      TRACES.map((trace) => `captures/${trace}/trace.txt`).toSorted(),
    );
    const merged = script(place, report.script);
    expect(merged.status).toBe(1);
    expect(merged.stdout).toContain('lock-pass-mismatch');
    const made = [...report.artifacts.paths, ...Object.values<string>(report.artifacts.reports)];
    expect(made.length).toBe(3);
    for (const file of made) expect(existsSync(path.join(place, file))).toBe(true);
  });

  it('a trace that cannot be read is in its shard’s report and fails the merge', () => {
    const place = checkout('gitlab-unread', { 'captures/none/trace.txt': 'no trace at all\n' });
    for (const i of shards) expect(shard(place, i).status).toBe(0);
    expect(script(place, report.script).status).toBe(2);
  });
});

describe('github-workflow.yml', () => {
  const { jobs } = read('github-workflow.yml');
  const step = (job: string, name: string): string =>
    jobs[job].steps.find((one: { readonly name?: string }) => one.name === name).run;

  it('checks each trace in one shard, and the merged report fails the run with annotations', () => {
    const place = checkout('github');
    const { shard: shards } = jobs.check.strategy.matrix;
    expect(jobs.check.env.SHARDS).toBe(shards.length);
    for (const shard of shards) {
      const ran = script(place, [step('check', 'check')], { SHARD: String(shard), SHARDS: String(shards.length) });
      expect(ran).toMatchObject({ status: 0, stderr: '' });
    }
    const merged = script(place, [step('report', 'merge')]);
    expect(merged.status).toBe(1);
    expect(merged.stdout).toMatch(/^::error file=captures\/.*missing-lock/m);
    expect(JSON.parse(readFileSync(path.join(place, 'gpuvm-trace.sarif'), 'utf8')).version).toBe('2.1.0');
    const uploads = jobs.report.steps.find((one: { uses?: string }) => one.uses?.includes('upload-sarif'));
    expect(uploads.with.sarif_file).toBe('gpuvm-trace.sarif');
  });
});
