// What patches do to what is modelled: the mail that the project began with, and small ones in the form of the kernel's.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PatchEffects, patchedSwitches, readPatches } from '../../src/patch/index.ts';
import { FIXTURES, fixture, ROOT, run } from '../support/run.ts';

function textOf(name: string): string {
  return readFileSync(path.join(FIXTURES, 'patches', name), 'latin1');
}

function effectsOf(...names: string[]): PatchEffects {
  return readPatches(names.map((name) => ({ name, text: textOf(name) })));
}

const EXEC_LOCK_MAP = [
  'struct drm_gpuvm *gpuvm',
  'struct drm_exec *exec',
  'unsigned int num_fences',
  'u64 req_addr',
  'u64 req_range',
  'struct drm_gem_object *req_obj',
  'u64 req_offset',
];

describe('the exec-lock patch as mailed', () => {
  const effects = effectsOf('exec-lock-v3.txt');

  it('adds the two helpers with the signature of 6.17, and the step that they share', () => {
    const added = effects.functionsAdded.map(({ name, params, file, modelled, at }) => ({
      name,
      params,
      file,
      modelled,
      line: at.line,
    }));
    const file = 'drivers/gpu/drm/drm_gpuvm.c';
    const modelled = true;
    expect(added).toEqual([
      { name: 'drm_gpuva_sm_step_lock', params: ['struct drm_gpuva_op *op', 'void *priv'], file, modelled, line: 25 },
      { name: 'drm_gpuvm_sm_map_exec_lock', params: EXEC_LOCK_MAP, file, modelled, line: 109 },
      {
        name: 'drm_gpuvm_sm_unmap_exec_lock',
        params: ['struct drm_gpuvm *gpuvm', 'struct drm_exec *exec', 'u64 req_addr', 'u64 req_range'],
        file,
        modelled,
        line: 142,
      },
    ]);
    expect([effects.functionsRemoved, effects.signatureChanges, effects.callChanges]).toEqual([[], [], []]);
  });

  it('turns the switch on, and is of a kernel that passes scalars', () => {
    expect(patchedSwitches(effects)).toEqual({ execLock: true, mapReq: false });
  });

  it('is read once though the thread quotes it, and its example is a comment', () => {
    const name = 'exec-lock-v3.txt';
    const files = ['drivers/gpu/drm/drm_gpuvm.c', 'include/drm/drm_gpuvm.h'];
    expect(effects.patches).toEqual([{ name, subject: '', files, damaged: true }]);
    expect(effects.callEdits.map(({ callee, inFunction }) => [callee, inFunction])).toEqual([
      ['drm_exec_lock_obj', 'drm_gpuva_sm_step_lock'],
      ['drm_exec_lock_obj', 'drm_gpuva_sm_step_lock'],
      ['drm_exec_prepare_obj', 'drm_gpuvm_sm_map_exec_lock'],
    ]);
    expect(effects.touchedFunctions.map((one) => one.function)).toEqual(effects.functionsAdded.map(({ name }) => name));
  });

  it.runIf(existsSync(path.join(ROOT, '../shared/seed-patch.txt')))('is the one that the project began with', () => {
    expect(textOf('exec-lock-v3.txt')).toBe(readFileSync(path.join(ROOT, '../shared/seed-patch.txt'), 'latin1'));
  });
});

describe('one argument of one call', () => {
  const change = (name: string) => {
    const { callChanges, callEdits, functionsAdded, capabilities } = effectsOf(name);
    expect([callEdits, functionsAdded, capabilities]).toEqual([[], [], []]);
    expect(callChanges).toHaveLength(1);
    return callChanges[0];
  };

  it.each([
    ['unmap-range.patch', 23],
    ['unmap-range-crlf.patch', 23],
    ['unmap-range-qp.patch', 29],
  ])('in %s', (name, line) => {
    expect(change(name)).toEqual({
      inFunction: 'vm_bind_job_lock_objects',
      file: 'drivers/gpu/drm/msm/msm_gem_vma.c',
      callee: 'drm_gpuvm_sm_unmap_exec_lock',
      args: [{ index: 3, name: 'req_range', before: 'op->obj_offset', after: 'op->range' }],
      before: ['job->vm', 'exec', 'op->iova', 'op->obj_offset'],
      after: ['job->vm', 'exec', 'op->iova', 'op->range'],
      at: { patch: name, line },
    });
  });

  it('the other way round', () => {
    const back = [{ index: 3, name: 'req_range', before: 'op->range', after: 'op->obj_offset' }];
    expect(change('unmap-range-reverse.patch')?.args).toEqual(back);
  });

  it('in a driver’s function that is probed', () => {
    expect(effectsOf('unmap-range.patch').touchedFunctions).toEqual([
      {
        file: 'drivers/gpu/drm/msm/msm_gem_vma.c',
        function: 'vm_bind_job_lock_objects',
        modelled: true,
        driver: 'msm',
        at: { patch: 'unmap-range.patch', line: 22 },
      },
    ]);
  });
});

it('a signature that changes: the definition and not the prototype, and its callers', () => {
  const { signatureChanges, functionsAdded, functionsRemoved, callChanges, capabilities, patches } =
    effectsOf('map-req.patch');
  expect([functionsAdded, functionsRemoved]).toEqual([[], []]);
  expect(signatureChanges).toEqual([
    {
      name: 'drm_gpuvm_sm_map',
      file: 'drivers/gpu/drm/drm_gpuvm.c',
      before: ['struct drm_gpuvm *gpuvm', 'void *priv', ...EXEC_LOCK_MAP.slice(3)],
      after: ['struct drm_gpuvm *gpuvm', 'void *priv', 'const struct drm_gpuvm_map_req *req'],
      modelled: true,
      at: { patch: 'map-req.patch', line: 22 },
    },
  ]);
  expect(capabilities.map(({ name, value }) => [name, value])).toEqual([['mapReq', true]]);
  const [call] = callChanges;
  expect([call?.inFunction, call?.callee, call?.after]).toEqual([
    'panthor_vm_exec_op',
    'drm_gpuvm_sm_map',
    ['&vm->base', 'vm', '&req'],
  ]);
  expect(patches[0]?.subject).toBe('drm/gpuvm: one struct for the arguments of a map');
});

it('a function that comes, whatever stands in its comments and texts', () => {
  const effects = effectsOf('madvise.patch');
  expect(effects.functionsAdded.map(({ name }) => name)).toEqual(['drm_gpuvm_madvise_ops_create']);
  expect(patchedSwitches(effects)).toEqual({ madviseOps: true });
});

it('a flag that comes', () => {
  expect(patchedSwitches(effectsOf('immediate-mode.patch'))).toEqual({ immediateMode: true });
});

it('one driver’s function, and none of the common code', () => {
  const effects = effectsOf('driver-only.patch');
  expect(effects.touchedFunctions).toMatchObject([{ function: 'pvr_vm_lock_extra', driver: 'pvr', modelled: false }]);
  expect(effects.callEdits.map(({ kind, callee }) => [kind, callee])).toEqual([
    ['removed', 'drm_exec_lock_obj'],
    ['added', 'drm_exec_prepare_obj'],
  ]);
  expect(effects.capabilities).toEqual([]);
});

it('a mailbox is as its mails one after the other', () => {
  const box = effectsOf('series.mbox');
  const mails = effectsOf('map-req.patch', 'unmap-range.patch');
  const what = ({ patches, signatureChanges, callChanges, touchedFunctions, capabilities }: PatchEffects) => ({
    subjects: patches.map(({ subject }) => subject),
    rest: [signatureChanges, callChanges, touchedFunctions, capabilities].map((list) =>
      list.map(({ at, ...rest }) => rest),
    ),
  });
  expect(what(box)).toEqual(what(mails));
});

it('what a series turns on and off again is as its last patch leaves it', () => {
  const on = textOf('madvise.patch');
  const off = on.replace(/^\+(?!\+\+)/gm, '-').replace('@@ -2600,6 +2600,26 @@', '@@ -2600,26 +2600,6 @@');
  const effects = readPatches([
    { name: 'on', text: on },
    { name: 'off', text: off },
  ]);
  expect(effects.functionsRemoved.map(({ name }) => name)).toEqual(['drm_gpuvm_madvise_ops_create']);
  expect(patchedSwitches(effects)).toEqual({ madviseOps: false });
});

describe('a member of a map request', () => {
  const changes = (name: string) =>
    effectsOf(name).callChanges.map(({ inFunction, callee, args, before, after, at }) => {
      expect(before).toEqual(after);
      return { inFunction, callee, args, call: after, line: at.line };
    });
  const member = { index: 3, name: 'map.va.range' };
  const inFunction = 'vm_bind_job_lock_objects';
  const callee = 'drm_gpuvm_sm_map_exec_lock';

  it('is an argument of the call that takes it', () => {
    const args = [{ ...member, before: 'op->obj_offset', after: 'op->range' }];
    const call = ['job->vm', 'exec', '1', '&map_req'];
    expect(changes('request-call.patch')).toEqual([{ inFunction, callee, args, call, line: 23 }]);
  });

  it('also where the hunk ends before the call: its function is the driver’s lock pass', () => {
    const args = [{ ...member, before: 'op->range', after: 'op->obj_offset' }];
    expect(changes('request-range.patch')).toEqual([{ inFunction, callee, args, call: [], line: 22 }]);
  });

  const hunk = (...lines: string[]) => {
    const count = (kind: string) => lines.filter((line) => line[0] !== kind).length;
    const head = `--- a/drivers/gpu/drm/x/x.c\n+++ b/drivers/gpu/drm/x/x.c\n@@ -9,${count('+')} +9,${count('-')} @@ int bind(void)\n`;
    return readPatches([{ name: 'x.patch', text: `${head}${lines.join('\n')}\n` }]).callChanges.map((change) => {
      return [change.callee, ...change.args.map(({ name, before, after }) => `${name}: ${before} -> ${after}`)];
    });
  };
  const CALL = ' \tret = drm_gpuvm_sm_map(vm, vm, &b);';

  it('set by an assignment, over two lines, in the request that the call takes', () => {
    expect(
      hunk(
        ' \ta.map.va.addr = op->addr;',
        '-\tb.map.gem.offset = f(op, 1) +',
        '-\t\tx;',
        '+\tb.map.gem.offset = f(op, 1) +',
        '+\t\ty;',
        ' \tother(&b);',
        CALL,
      ),
    ).toEqual([['drm_gpuvm_sm_map', 'map.gem.offset: f(op, 1) + x -> f(op, 1) + y']]);
  });
  it('of no other request, no other struct, and not where it only moved', () => {
    expect(hunk('-\ta.map.va.addr = x;', '+\ta.map.va.addr = y;', CALL)).toEqual([]);
    expect(hunk('-\tb.unmap.va.addr = x;', '+\tb.unmap.va.addr = y;', CALL)).toEqual([]);
    expect(hunk('-\tif (b.map.va.addr == x)', '+\tif (b.map.va.addr == y)', CALL)).toEqual([]);
    expect(hunk('-\tb.map.va.addr = x;', '+\t\tb.map.va.addr = x;', CALL)).toEqual([]);
  });
});

describe('the command line', () => {
  it('says it for people', () => {
    const { code, out } = run(['patch', fixture('patches/unmap-range.patch')]);
    expect(code).toBe(0);
    expect(out).toContain(
      'unmap-range.patch:23: vm_bind_job_lock_objects(): drm_gpuvm_sm_unmap_exec_lock(): req_range is op->range, was op->obj_offset\n',
    );
  });

  it('and as JSON, by the names of the public types', () => {
    const { out } = run(['patch', fixture('patches/exec-lock-v3.txt'), '--format', 'json']);
    const object = JSON.parse(out);
    expect(object.schema).toBe(1);
    expect(object.capabilities[0]).toMatchObject({ name: 'execLock', value: true });
    expect(object.functionsAdded).toHaveLength(3);
  });

  it('check takes it for what the traced kernel has', () => {
    const args = ['--kernel', '6.12', '--patch', fixture('patches/exec-lock-v3.txt'), '--format', 'json'];
    const { kernel } = JSON.parse(run(['check', fixture('lab/correct/trace.txt'), ...args]).out).traces[0];
    expect(kernel).toMatchObject({
      name: '6.12',
      switches: { 'exec-lock': true, 'map-req': false },
      from: ['--kernel 6.12', '--patch fixtures/patches/exec-lock-v3.txt'],
    });
  });

  it.each([
    [['patch', 'no-such-file'], /^gpuvm-trace: no-such-file: no such file or directory\n$/],
    [['patch', 'fixtures'], /^gpuvm-trace: fixtures: illegal operation on a directory\n$/],
    [['patch', 'package.json'], /^gpuvm-trace: package\.json: no diff in it; expected a unified diff, .*\n$/],
    [
      ['check', 'fixtures/lab/correct/trace.txt', '--patch', 'package.json'],
      /^gpuvm-trace: package\.json: no diff .*\n$/,
    ],
    [['check', 'fixtures/lab/correct/trace.txt', '--kernel', '9x'], /^gpuvm-trace: "9x" is no kernel version; .*\n$/],
  ])('is 2 with one clear line for %j', (args, message) => {
    const { code, err } = run(args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});
