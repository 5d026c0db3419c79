// The replay on events made by hand: what real traces show only once in a while, or never at the same time.
import { describe, expect, it } from 'vitest';
import { type Counts, toldCounts } from '../../src/replay/job_counts.ts';
import { jobRow } from '../../src/replay/job_row.ts';
import { RowTable } from '../../src/replay/row_table.ts';
import { EDEADLK, EINTR, type Mapping, Script, vmNumber } from './script.ts';

const VM = vmNumber(1);
const EXEC = 0xe00;
const JOB = 0x700;
const [A, RESV_A] = [0xa0, 0xa8] as const;
const [B, RESV_B] = [0xb0, 0xb8] as const;
const OF_A: Mapping = { va: 0x31, addr: 0x10000, range: 0x4000, obj: A, offset: 0 };
const OF_B: Mapping = { va: 0x32, addr: 0x20000, range: 0x4000, obj: B, offset: 0 };

function start(): Script {
  return new Script().vm(VM).obj(A, RESV_A).obj(B, RESV_B);
}

describe('attempts', () => {
  it('contention drops all locks; the contended object is locked by the first call of the next attempt', () => {
    const script = start().begin(1, JOB, VM, EXEC);
    script.lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A, EDEADLK).attempt(EXEC);
    const held = () => script.machine.world.contexts.get(EXEC)?.exec.objects.map((one) => one.obj);
    expect(held()).toEqual([]);
    script.lock(EXEC, VM.rObj, VM.resv);
    expect(held()).toEqual([A, VM.rObj]);
    script.lock(EXEC, A, RESV_A).locked(JOB, EXEC).apply(1, JOB, VM).map(JOB, VM, 0, OF_A).applied(JOB);
    script.unlocked(EXEC, 2).returned(1);
    expect(script.told).toEqual([]);
    expect(script.job(1)).toMatchObject({ attempts: 2, ret: 0, counts: { missing: 0, redundant: 0, steps: 1 } });
    expect([...script.job(1).unknown]).toEqual([]);
  });

  it.each([
    { kernel: 'keeps', numObjects: 3, redundant: 1 },
    { kernel: 'drops', numObjects: 2, redundant: 0 },
  ])('a contended object that nothing asks for again, where the kernel $kernel it', ({ numObjects, redundant }) => {
    const script = start().begin(1, JOB, VM, EXEC);
    script.lock(EXEC, VM.rObj, VM.resv).lock(EXEC, B, RESV_B, EDEADLK).attempt(EXEC);
    script.lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A).locked(JOB, EXEC);
    script.apply(1, JOB, VM).map(JOB, VM, 0, OF_A).applied(JOB).unlocked(EXEC, numObjects).returned(1);
    expect(script.job(1)).toMatchObject({ attempts: 2, counts: { missing: 0, redundant } });
    expect(script.facts.map((fact) => fact.kind === 'lock_unneeded' && fact.why)).toEqual(
      Array(redundant).fill('retry leftover'),
    );
    expect([...script.job(1).unknown]).toEqual([]);
  });

  it('a signal in the slow wait ends the job; nothing is held, nothing is wrong', () => {
    const script = start().begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A, EDEADLK);
    script.attempt(EXEC).lock(EXEC, VM.rObj, VM.resv, EINTR);
    script.emit({ kind: 'lock_pass_ret', job: JOB, ret: EINTR }).unlocked(EXEC, 0).returned(1, EINTR);
    expect(script.told).toEqual([]);
    expect(script.job(1)).toMatchObject({ ret: EINTR, attempts: 2 });
    expect([...script.job(1).unknown]).toEqual([]);
  });

  it('-EDEADLK without a new attempt is a mistake', () => {
    const script = start()
      .begin(1, JOB, VM, EXEC)
      .lock(EXEC, A, RESV_A, EDEADLK)
      .unlocked(EXEC, 0)
      .returned(1, EDEADLK);
    expect(script.told).toEqual(['edeadlk-not-retried']);
  });

  it('exec->num_objects that disagrees with what was seen withholds the job', () => {
    const script = start().begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).locked(JOB, EXEC);
    script.apply(1, JOB, VM).map(JOB, VM, 0, OF_A).applied(JOB).unlocked(EXEC, 2).returned(1);
    expect(script.told).toEqual(['step_unlocked']);
    expect(script.job(1).unknown.size).toBeGreaterThan(0);
  });

  it('a context that is never finished', () => {
    const script = start().begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A).locked(JOB, EXEC);
    script.apply(1, JOB, VM).map(JOB, VM, 0, OF_A).applied(JOB).returned(1);
    expect(script.told).toEqual(['unfinished']);
    expect(script.facts[0]?.absence).toBe('call');
  });
});

describe('locks', () => {
  it('an object that shares the resv of a locked one is locked', () => {
    const script = start().obj(0xc0, VM.resv);
    script.mapJob(1, JOB, VM, EXEC, { ...OF_A, obj: 0xc0 }, []);
    expect(script.told).toEqual([]);
  });

  it('what another task holds does not count', () => {
    const script = start().as(2).begin(9, 0x709, vmNumber(2), 0xe09).lock(0xe09, A, RESV_A).as(1);
    script.mapJob(1, JOB, VM, EXEC, OF_A, []);
    expect(script.told).toEqual(['step_unlocked']);
    expect(script.facts[0]?.evidence.map((one) => one.text)).toContain('task 2 holds its dma_resv meanwhile');
  });

  it('immediate mode needs none', () => {
    const script = new Script().vm(VM, 2).obj(A, RESV_A).mapJob(1, JOB, VM, EXEC, OF_A, []);
    expect(script.told).toEqual([]);
  });

  it('a freed object’s address with another resv is another lock', () => {
    const script = start().mapJob(1, JOB, VM, EXEC, OF_A, [[A, RESV_A]]);
    script.emit({ kind: 'obj_free', obj: A }).obj(A, 0xac);
    script.mapJob(2, JOB, VM, EXEC, { ...OF_A, addr: 0x30000, va: 0x33 }, [[A, 0xac]]);
    expect(script.told).toEqual([]);
    script.mapJob(3, JOB, VM, EXEC, { ...OF_A, addr: 0x40000, va: 0x34 }, [[B, RESV_B]]);
    expect(script.told).toEqual(['step_unlocked', 'lock_unneeded']);
    expect(script.facts[0]).toMatchObject({ obj: A, resv: 0xac });
  });

  it('a missing lock names the op, the step and the mapping', () => {
    const script = start().mapJob(1, JOB, VM, EXEC, OF_A, []);
    expect(script.job(1).counts).toMatchObject({ missing: 1, redundant: 0 });
    expect(script.facts[0]).toMatchObject({
      kind: 'step_unlocked',
      obj: A,
      resv: RESV_A,
      span: { addr: 0x10000, range: 0x4000 },
      op: { index: 0, kind: 'map' },
      step: { index: 0, type: 'map' },
    });
  });
});

describe('jobs', () => {
  it('an apply in a worker that is over before the ioctl returns', () => {
    const script = start().begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A).locked(JOB, EXEC);
    script.unlocked(EXEC, 2).as(31).apply(1, JOB, VM).map(JOB, VM, 0, OF_A).applied(JOB).as(1).returned(1);
    expect(script.jobs).toHaveLength(1);
    expect(script.told).toEqual(['lock_set_stale', 'step_unlocked']);
    expect(script.job(1)).toMatchObject({ pid: 1, deferred: true, counts: { missing: 1, steps: 1 } });
  });

  it('an apply in a worker long after the ioctl, with another job of the same task in between', () => {
    const script = start().begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A).locked(JOB, EXEC);
    script
      .unlocked(EXEC, 2)
      .returned(1)
      .mapJob(2, 0x702, VM, EXEC, OF_B, [[B, RESV_B]]);
    script.as(31).apply(1, JOB, VM).map(JOB, VM, 0, OF_A).applied(JOB);
    expect(script.jobs.map((job) => job.id)).toEqual([2, 1]);
    expect(script.job(2).counts.missing).toBe(0);
    expect(script.job(1).counts.missing).toBe(1);
  });

  it('two tasks, two VMs, one event of each at a time', () => {
    const other = vmNumber(2);
    const of = (vm: typeof VM, obj: number, resv: number, pid: number, exec: number, job: number) => {
      const one = new Script();
      const events: Parameters<Script['emit']>[0][] = [];
      one.emit = (...given) => {
        events.push(...given);
        return one;
      };
      one.mapJob(pid, job, vm, exec, { ...OF_A, obj }, [[obj, resv]]);
      return events;
    };
    const script = start().vm(other);
    const first = of(VM, A, RESV_A, 11, EXEC, JOB);
    const second = of(other, B, RESV_B, 22, 0xe22, 0x722);
    first.forEach((event, i) => {
      script.as(11).emit(event).as(22);
      const beside = second[i];
      if (beside !== undefined) script.emit(beside);
    });
    expect(script.told).toEqual([]);
    expect(script.jobs.map((job) => [job.id, job.pid, job.vm?.ordinal, job.ordinal])).toEqual([
      [11, 11, 1, 1],
      [22, 22, 2, 1],
    ]);
    expect(script.machine.world.unpaired).toBe(0);
  });

  it('pointers of jobs, contexts and mappings may be used again at once', () => {
    const script = start();
    for (let id = 1; id <= 5; id++) {
      const to = { ...OF_A, addr: 0x10000 * id, va: 0x31 };
      script.mapJob(id, JOB, VM, EXEC, to, [[A, RESV_A]]);
      script
        .begin(id + 100, JOB, VM, EXEC)
        .lock(EXEC, VM.rObj, VM.resv)
        .lock(EXEC, A, RESV_A)
        .locked(JOB, EXEC);
      script
        .apply(id + 100, JOB, VM)
        .unmap(JOB, VM, 0, to)
        .applied(JOB)
        .unlocked(EXEC, 2)
        .returned(id + 100);
    }
    expect(script.told).toEqual([]);
    expect(script.jobs.every((job) => job.unknown.size === 0)).toBe(true);
    expect([...(script.machine.world.vms.get(VM.gpuvm)?.tree ?? [])]).toEqual([]);
  });

  it('an op that is missing from the trace', () => {
    const script = start()
      .begin(1, JOB, VM, EXEC, 2)
      .lock(EXEC, VM.rObj, VM.resv)
      .lock(EXEC, A, RESV_A)
      .lock(EXEC, B, RESV_B);
    script.locked(JOB, EXEC).apply(1, JOB, VM).map(JOB, VM, 0, OF_A).applied(JOB).unlocked(EXEC, 3).returned(1);
    expect([...script.job(1).unknown]).toEqual(['the trace lacks events: 1 of 2 ops are shown']);
    expect(script.machine.world.contradictions).toBe(1);
  });

  it('two jobs run into one by a hole', () => {
    const script = start().begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A).locked(JOB, EXEC);
    script.apply(1, JOB, VM).map(JOB, VM, 0, OF_A).applied(JOB).unlocked(EXEC, 2).returned(2);
    expect([...script.job(2).unknown]).toEqual(['the trace lacks events: job 1 returns as job 2']);
  });
});

describe('what the trace does not show', () => {
  it('a trace that begins in an apply gives no verdict on that job, and one on the next', () => {
    const script = new Script().apply(1, JOB, VM).map(JOB, VM, 0, OF_A).applied(JOB);
    expect(script.told).toEqual([]);
    script.begin(2, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A).locked(JOB, EXEC);
    script
      .apply(2, JOB, VM)
      .map(JOB, VM, 0, { ...OF_A, addr: 0x50000, va: 0x55 })
      .applied(JOB)
      .unlocked(EXEC, 2)
      .returned(2);
    expect(script.told).toEqual([]);
    expect([...script.job(2).unknown]).toEqual([]);
    expect(script.machine.world.unpaired).toBe(0);
  });

  it('on a VM from before the trace a missing lock may be immediate mode', () => {
    const script = new Script().obj(A, RESV_A).mapJob(1, JOB, VM, EXEC, OF_A, []);
    expect(script.told).toEqual([]);
    expect([...script.job(1).unknown]).toEqual(['its VM was made before the trace began: it may be in immediate mode']);
  });

  it('lost events make open jobs unknown; later ones are judged again as soon as they show their locks', () => {
    const script = start().begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv);
    script.machine.loss();
    script.lock(EXEC, A, RESV_A).locked(JOB, EXEC).apply(1, JOB, VM).map(JOB, VM, 0, OF_A).applied(JOB);
    script.unlocked(EXEC, 2).returned(1);
    expect([...script.job(1).unknown]).toContain('events were lost while it ran');
    script.mapJob(2, JOB, VM, EXEC, { ...OF_B, va: 0x36 }, [[B, RESV_B]]);
    expect([...script.job(2).unknown]).toEqual([]);
    script.mapJob(3, JOB, VM, EXEC, { ...OF_A, addr: 0x60000, va: 0x37 }, [[B, RESV_B]]);
    expect(script.job(3).counts).toMatchObject({ missing: 1, redundant: 1 });
    expect(script.told).toEqual(['step_unlocked', 'lock_unneeded']);
  });

  it('a return without its entry means that events are missing', () => {
    const script = start().mapJob(1, JOB, VM, EXEC, OF_A, [[A, RESV_A]]);
    script.begin(2, JOB, VM, EXEC).emit({ kind: 'step_ret', op: 1, ret: 0 });
    expect(script.machine.world.unpaired).toBe(1);
  });

  it('so does a return of another call than the one entered last', () => {
    const script = start()
      .mapJob(1, JOB, VM, EXEC, OF_A, [[A, RESV_A]])
      .begin(2, JOB, VM, EXEC);
    script.emit({ kind: 'lock_obj', exec: EXEC, obj: A, resv: RESV_A });
    script.emit({ kind: 'lock_obj_ret', exec: EXEC, obj: B, resv: RESV_B, ret: 0 });
    expect(script.machine.world.unpaired).toBe(1);
  });

  it('a mapping inserted over another that never went: events of the VM are missing', () => {
    const script = start().mapJob(1, JOB, VM, EXEC, OF_A, [[A, RESV_A]]);
    script
      .begin(2, JOB, VM, EXEC)
      .lock(EXEC, VM.rObj, VM.resv)
      .lock(EXEC, B, RESV_B)
      .locked(JOB, EXEC)
      .apply(2, JOB, VM);
    script
      .map(JOB, VM, 0, { ...OF_B, addr: OF_A.addr })
      .applied(JOB)
      .unlocked(EXEC, 2)
      .returned(2);
    expect(script.machine.world.contradictions).toBe(1);
    expect(script.job(2).unknown.size).toBe(1);
  });

  it('a step on a mapping that was never inserted: events of the VM are missing', () => {
    const script = start().begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A).locked(JOB, EXEC);
    script.apply(1, JOB, VM).unmap(JOB, VM, 0, OF_A).applied(JOB).unlocked(EXEC, 2).returned(1);
    expect(script.machine.world.contradictions).toBeGreaterThan(0);
    expect(script.told).toEqual([]);
  });

  it('without the return of drm_gpuva_insert() a step is not called misapplied', () => {
    const script = start().begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A).locked(JOB, EXEC);
    script
      .apply(1, JOB, VM)
      .emit(
        { kind: 'apply_op', job: JOB, gpuvm: VM.gpuvm, index: 0, op: 'map', ...OF_A },
        { kind: 'sm_request', gpuvm: VM.gpuvm, call: 'map', list: false, ...OF_A },
        script.step(0, VM, { ...OF_A, va: 0 }),
        { kind: 'step_ret', op: script.op, ret: 0 },
        { kind: 'sm_ret', gpuvm: VM.gpuvm, ret: 0 },
      );
    script.applied(JOB).unlocked(EXEC, 2).returned(1);
    expect(script.told).toEqual([]);
    expect([...(script.machine.world.vms.get(VM.gpuvm)?.asked ?? [])]).toHaveLength(1);
  });

  it('a driver without probes of its own: the calls into drm_gpuvm make the jobs', () => {
    const script = start();
    script.emit({ kind: 'exec_init', exec: EXEC, flags: 3 }).attempt(EXEC).lock(EXEC, VM.rObj, VM.resv);
    script.emit({ kind: 'exec_cleanup', exec: EXEC, again: false });
    script.emit({ kind: 'sm_request', gpuvm: VM.gpuvm, call: 'map', list: false, ...OF_A }).mapStep(VM, OF_A);
    script.emit({ kind: 'sm_ret', gpuvm: VM.gpuvm, ret: 0 }).unlocked(EXEC, 1);
    expect(script.jobs).toHaveLength(1);
    expect(script.jobs[0]).toMatchObject({ implicit: true, counts: { missing: 1 } });
  });
});

describe('steps', () => {
  function applying(): Script {
    const script = start().begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A).locked(JOB, EXEC);
    return script.apply(1, JOB, VM);
  }
  function done(script: Script): Script {
    return script.applied(JOB).unlocked(EXEC, 2).returned(1);
  }
  const request = { kind: 'sm_request', gpuvm: VM.gpuvm, call: 'map', list: false, ...OF_A } as const;
  const op = { kind: 'apply_op', job: JOB, gpuvm: VM.gpuvm, index: 0, op: 'map', ...OF_A } as const;
  const insert = { kind: 'va_insert', gpuvm: VM.gpuvm, ...OF_A, flags: 0, ret: 0 } as const;

  it('an insert at another offset than asked for', () => {
    const script = applying();
    script.emit(op, request, script.step(0, VM, { ...OF_A, va: 0 }), { ...insert, offset: 0x1000 });
    script.emit({ kind: 'step_ret', op: script.op, ret: 0 }, { kind: 'sm_ret', gpuvm: VM.gpuvm, ret: 0 });
    expect(done(script).told).toEqual(['step_misapplied']);
    expect(script.facts[0]).toMatchObject({ how: 'wrong map', absence: undefined });
  });

  it('an insert that is refused where nothing is mapped contradicts the trace', () => {
    const script = applying();
    script.emit(op, request, script.step(0, VM, { ...OF_A, va: 0 }), { ...insert, ret: -17 });
    script.emit({ kind: 'step_ret', op: script.op, ret: 0 }, { kind: 'sm_ret', gpuvm: VM.gpuvm, ret: 0 });
    done(script);
    expect(script.machine.world.contradictions).toBe(1);
  });

  it('a step that fails is not misapplied, and its op is not expected to go on', () => {
    const script = applying().emit(op, request, { ...applying().step(0, VM, { ...OF_A, va: 0 }) });
    script.emit({ kind: 'step_ret', op: script.op, ret: -12 }, { kind: 'sm_ret', gpuvm: VM.gpuvm, ret: -12 });
    script.applied(JOB, -12).unlocked(EXEC, 2).returned(1, -12);
    expect(script.told).toEqual([]);
    expect(script.job(1)).toMatchObject({ ret: -12, counts: { misapplied: 0, steps: 1 } });
  });

  it('a request without the step that drm_gpuvm gives', () => {
    const script = start().mapJob(9, JOB, VM, EXEC, OF_B, [[B, RESV_B]]);
    script.begin(1, JOB, VM, EXEC).lock(EXEC, VM.rObj, VM.resv).lock(EXEC, A, RESV_A).locked(JOB, EXEC);
    script.apply(1, JOB, VM).emit(op, request, { kind: 'sm_ret', gpuvm: VM.gpuvm, ret: 0 });
    expect(done(script).told).toEqual(['step_diverged']);
    expect(script.facts[0]?.absence).toBe('call');
  });

  it('nor is that said of a trace that shows no steps at all', () => {
    const script = applying().emit(op, request, { kind: 'sm_ret', gpuvm: VM.gpuvm, ret: 0 });
    expect(done(script).told).toEqual([]);
  });

  /** A job that maps two, and one whose UNMAP of the first leaves it in the tree. */
  /** What is told of job 2, as if locks and steps were probed. */
  function told(script: Script): Counts {
    const { counts, perhapsMisapplied } = jobRow(script.job(2), new RowTable());
    return toldCounts(counts, perhapsMisapplied, {
      seen: script.machine.world.seen,
      locksShown: true,
      stepsShown: true,
    });
  }

  function leftInTree(opCount: number): Script {
    const script = start().begin(1, JOB, VM, EXEC, 2).lock(EXEC, VM.rObj, VM.resv);
    script.lock(EXEC, A, RESV_A).lock(EXEC, B, RESV_B).locked(JOB, EXEC).apply(1, JOB, VM);
    script.map(JOB, VM, 0, OF_A).map(JOB, VM, 1, OF_B).applied(JOB).unlocked(EXEC, 3).returned(1);
    script.begin(2, JOB, VM, EXEC, opCount).lock(EXEC, VM.rObj, VM.resv);
    script.lock(EXEC, A, RESV_A).lock(EXEC, B, RESV_B).locked(JOB, EXEC).apply(2, JOB, VM);
    const asked = { gpuvm: VM.gpuvm, addr: OF_A.addr, range: OF_A.range, obj: 0, offset: 0 } as const;
    return script.emit(
      { kind: 'apply_op', job: JOB, index: 0, op: 'unmap', ...asked },
      { kind: 'sm_request', call: 'unmap', list: false, ...asked },
      script.step(2, VM, OF_A),
      { kind: 'step_ret', op: script.op, ret: 0 },
      { kind: 'sm_ret', gpuvm: VM.gpuvm, ret: 0 },
    );
  }

  it('an UNMAP that removes nothing, as a later one shows that removals are probed', () => {
    const script = leftInTree(2).unmap(JOB, VM, 1, OF_B);
    script.applied(JOB).unlocked(EXEC, 3).returned(2);
    expect(script.told).toEqual(['step_misapplied']);
    expect(script.facts[0]).toMatchObject({ how: 'unmap skipped', needs: ['removal in a step'] });
    const vm = script.machine.world.vm(VM.gpuvm);
    expect(vm?.predictable).toBe(true);
    expect(vm?.mappingsIn(0, 2 ** 40).map(({ addr }) => addr)).toEqual([OF_A.addr]);
    expect(told(script).misapplied).toBe(1);
  });

  it('nor is that said where no removal is ever seen', () => {
    const script = leftInTree(1).applied(JOB).unlocked(EXEC, 3).returned(2);
    const { seen } = script.machine.world;
    const standing = script.facts.filter(({ needs }) => needs?.every((kind) => seen.has(kind)) !== false);
    expect(standing.map(({ kind }) => kind)).not.toContain('step_misapplied');
    expect(told(script).misapplied).toBe(0);
    expect(script.machine.world.vm(VM.gpuvm)?.predictable).toBe(false);
  });
});
