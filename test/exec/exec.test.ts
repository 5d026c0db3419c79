// The drm_exec state machine, from the calls of a trace.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DRM_EXEC_IGNORE_DUPLICATES, DRM_EXEC_INTERRUPTIBLE_WAIT, Exec } from '../../src/exec/exec.ts';

/** ms; the default of 5 s would make a slow machine a failure. */
const PATIENCE = 60_000;

const BIND = DRM_EXEC_INTERRUPTIBLE_WAIT | DRM_EXEC_IGNORE_DUPLICATES;

/** A context inside its first loop pass. */
function started(flags = BIND, prelocked: 'kept' | 'dropped' = 'kept'): Exec {
  const exec = new Exec(1, { prelocked });
  expect(exec.init(flags)).toBeUndefined();
  expect(exec.cleanup(true)).toBeUndefined();
  return exec;
}

const held = (exec: Exec) => exec.objects.map(({ obj, via }) => `${obj} ${via}`);

describe('without contention', () => {
  it('locks in order, ends the loop, unlocks at fini', () => {
    const exec = new Exec(1);
    expect([exec.state, exec.attempts, exec.history]).toEqual(['none', 0, []]);
    exec.init(BIND);
    expect([exec.state, exec.flags]).toEqual(['ready', BIND]);
    exec.cleanup(true, 5);
    expect(exec.state).toBe('locking');
    expect(exec.lock(10, 100, 0, 6)).toEqual({ via: 'lock', slow: undefined, misuse: undefined });
    exec.lock(11, 101, 0, 7);
    expect(exec.cleanup(false)).toBeUndefined();
    expect([exec.state, exec.attempts]).toEqual(['locked', 1]);
    expect(exec.objects).toEqual([
      { obj: 10, resv: 100, line: 6, via: 'lock' },
      { obj: 11, resv: 101, line: 7, via: 'lock' },
    ]);
    expect([exec.holdsResv(101), exec.holdsResv(102), exec.heldBy(100)?.obj]).toEqual([true, false, 10]);
    expect(exec.fini()).toBeUndefined();
    expect([exec.objects, exec.holdsResv(100), exec.state]).toEqual([[], false, 'none']);
    expect(exec.history).toMatchObject([{ line: 5, entries: [{ obj: 10 }, { obj: 11 }], omitted: 0 }]);
  });

  it('a second object of a held resv is protected, but not in objects', () => {
    const exec = started();
    exec.lock(10, 100, 0);
    expect(exec.lock(11, 100, 0)).toMatchObject({ via: 'duplicate', misuse: undefined });
    expect(exec.lock(10, 100, 0).via).toBe('duplicate');
    expect(held(exec)).toEqual(['10 lock']);
  });

  it('without the flag, a duplicate is an error of the driver', () => {
    const exec = started(0);
    exec.lock(10, 100, 0);
    expect(exec.lock(11, 100, -114)).toMatchObject({ via: 'failed', misuse: 'ealready' });
    expect(exec.lock(11, 100, 0)).toMatchObject({ via: 'duplicate', misuse: 'out-of-step' });
    expect(started().lock(11, 100, -114).misuse).toBe('out-of-step');
    expect(held(exec)).toEqual(['10 lock']);
  });

  it('unlock goes by object', () => {
    const exec = started();
    exec.lock(10, 100, 0);
    exec.lock(11, 100, 0);
    expect(exec.unlock(11)).toBe('unlock-not-held');
    expect(exec.unlock(10)).toBeUndefined();
    expect([exec.objects, exec.holdsResv(100)]).toEqual([[], false]);
    expect(exec.lock(11, 100, 0).via).toBe('lock');
  });

  it('other errors hold nothing and end without misuse', () => {
    const exec = started();
    expect(exec.lock(10, 100, -4)).toEqual({ via: 'failed', slow: undefined, misuse: undefined });
    expect([exec.objects, exec.fini()]).toEqual([[], undefined]);
  });
});

describe('contention', () => {
  const contended = (prelocked: 'kept' | 'dropped' = 'kept') => {
    const exec = started(BIND, prelocked);
    exec.lock(10, 100, 0);
    expect(exec.lock(11, 101, -35, 9)).toMatchObject({ via: 'contended', misuse: undefined });
    expect([exec.state, exec.contended?.obj, held(exec)]).toEqual(['contended', 11, ['10 lock']]);
    expect(exec.cleanup(true, 10)).toBeUndefined();
    expect([exec.objects, exec.holdsResv(100), exec.attempts]).toEqual([[], false, 2]);
    return exec;
  };

  it('the next lock call takes the contended object first, whatever it asks for', () => {
    const exec = contended();
    const result = exec.lock(10, 100, 0, 12);
    expect(result).toMatchObject({ via: 'lock', slow: { obj: 11, resv: 101, line: 12, via: 'slow' } });
    expect(held(exec)).toEqual(['11 slow', '10 lock']);
    expect(exec.contended).toBeUndefined();
    expect(exec.prelocked?.obj).toBe(11);
    expect(exec.lock(11, 101, 0)).toMatchObject({ via: 'prelocked', slow: undefined, misuse: undefined });
    expect(exec.prelocked).toBeUndefined();
    expect(exec.lock(11, 101, 0).via).toBe('duplicate');
    expect(held(exec)).toEqual(['11 slow', '10 lock']);
  });

  it('also where it asks for that very object', () => {
    const exec = contended();
    expect(exec.lock(11, 101, 0)).toMatchObject({ via: 'prelocked', slow: { obj: 11 } });
    expect(held(exec)).toEqual(['11 slow']);
  });

  it('also where the call itself meets a duplicate or contention again', () => {
    const exec = contended();
    expect(exec.lock(12, 101, 0)).toMatchObject({ via: 'duplicate', slow: { obj: 11 } });
    const again = contended();
    expect(again.lock(12, 102, -35)).toMatchObject({ via: 'contended', slow: { obj: 11 } });
    again.cleanup(true);
    again.lock(10, 100, 0);
    expect([held(again), again.attempts]).toEqual([['12 slow', '10 lock'], 3]);
  });

  it('an interrupted slow wait holds nothing, and the contended object is forgotten', () => {
    for (const ret of [-4, -512, -12]) {
      const exec = contended();
      expect(exec.lock(10, 100, ret)).toEqual({ via: 'interrupted', slow: undefined, misuse: undefined });
      expect([exec.objects, exec.contended, exec.state]).toEqual([[], undefined, 'locking']);
      expect(exec.fini()).toBeUndefined();
    }
  });

  it('a prelocked object nobody asked for stays, or goes at the loop end in older kernels', () => {
    const kept = contended('kept');
    kept.lock(10, 100, 0);
    kept.cleanup(false);
    expect([held(kept), kept.prelocked?.obj]).toEqual([['11 slow', '10 lock'], 11]);
    const dropped = contended('dropped');
    dropped.lock(10, 100, 0);
    expect(dropped.holdsResv(101)).toBe(true);
    dropped.cleanup(false);
    expect([held(dropped), dropped.holdsResv(101)]).toEqual([['10 lock'], false]);
    const asked = contended('dropped');
    asked.lock(11, 101, 0);
    asked.cleanup(false);
    expect(held(asked)).toEqual(['11 slow']);
  });

  it('a fini in a later pass is legal, right after -EDEADLK it is not', () => {
    expect(contended().fini()).toBeUndefined();
    const exec = started();
    exec.lock(10, 100, -35);
    expect(exec.fini()).toBe('edeadlk-not-retried');
  });

  it('a lock right after -EDEADLK is not, but works as the kernel does it', () => {
    const exec = started();
    exec.lock(9, 99, 0);
    exec.lock(10, 100, -35);
    expect(exec.lock(11, 101, 0)).toMatchObject({ via: 'lock', misuse: 'edeadlk-not-retried', slow: { obj: 10 } });
    expect(held(exec)).toEqual(['9 lock', '10 slow', '11 lock']);
    expect(exec.state).toBe('locking');
  });

  it('keeps a history of attempts', () => {
    const exec = contended();
    exec.lock(10, 100, 0, 12);
    exec.lock(11, 101, 0, 13);
    const shown = exec.history.map(({ entries, dropped }) => [entries.map((e) => `${e.obj} ${e.via}`), dropped]);
    expect(shown).toEqual([
      [['10 lock', '11 contended'], 1],
      [['11 slow', '10 lock', '11 prelocked'], 0],
    ]);
  });

  it('keeps both ends of a long attempt, and the last of many', () => {
    const exec = started();
    for (let round = 0; round < 100; round++) {
      for (let obj = 1; obj <= 200; obj++) exec.lock(obj, obj + 1000, 0);
      exec.lock(777, 7777, -35);
      exec.cleanup(true);
    }
    const { history } = exec;
    // 64 old ones and the current one. In all but the first, 777 is also taken by the slow path at the beginning.
    expect([exec.attempts, history.length]).toEqual([101, 65]);
    expect(history[0]).toMatchObject({ omitted: 201 - 64, dropped: 200 });
    expect(history[0]?.entries).toHaveLength(64);
    expect(history[0]?.entries.at(-1)).toMatchObject({ obj: 777, via: 'contended' });
  });
});

describe('misuse', () => {
  it('init and fini come in pairs', () => {
    const exec = started();
    exec.lock(10, 100, 0);
    expect(exec.init(0)).toBe('double-init');
    expect([exec.objects, exec.attempts, exec.state]).toEqual([[], 0, 'ready']);
    expect([exec.fini(), exec.fini()]).toEqual([undefined, 'not-initialised']);
    expect(exec.init(0)).toBeUndefined();
  });

  it('of a context whose beginning is not in the trace', () => {
    const exec = new Exec(1);
    expect(exec.cleanup(false)).toBe('not-initialised');
    expect(exec.lock(10, 100, 0)).toMatchObject({ via: 'lock', misuse: 'not-initialised' });
    expect(exec.holdsResv(100)).toBe(true);
  });

  it('a lock after the loop', () => {
    const exec = started();
    exec.cleanup(false);
    expect(exec.lock(10, 100, 0)).toMatchObject({ via: 'lock', misuse: 'lock-after-done' });
    expect(held(exec)).toEqual(['10 lock']);
  });

  it('results that the state cannot give mean a gap in the trace', () => {
    const exec = started();
    expect(exec.cleanup(true)).toBe('out-of-step');
    exec.lock(10, 100, -35);
    expect(exec.cleanup(false)).toBe('out-of-step');
    const fresh = new Exec(1);
    fresh.init(BIND);
    expect(fresh.lock(10, 100, 0).misuse).toBe('out-of-step');
    expect(fresh.lock(10, 100, 0).via).toBe('duplicate');
  });

  it('an unlocked prelocked object is asked for in vain', () => {
    const exec = started();
    exec.lock(10, 100, -35);
    exec.cleanup(true);
    exec.lock(11, 101, 0);
    exec.unlock(10);
    expect(exec.lock(10, 100, 0).via).toBe('prelocked');
    expect(exec.holdsResv(100)).toBe(false);
  });
});

/** What drm_exec.c does, in a few lines, over a scripted kernel: which lock calls meet contention or a signal. */
function simulate(calls: readonly number[], limit: number): void {
  const exec = started();
  let locked: number[] = [];
  let pending: number | undefined;
  let prelocked: number | undefined;
  const resvOf = (obj: number) => 100 + Math.floor(obj / 2);
  for (const call of calls) {
    const obj = call % limit;
    const fate = Math.floor(call / limit) % 8;
    const slow = pending;
    pending = undefined;
    if (slow !== undefined && fate === 7) {
      expect(exec.lock(obj, resvOf(obj), -4).via).toBe('interrupted');
      continue;
    }
    if (slow !== undefined) {
      locked.push(slow);
      prelocked = slow;
    }
    const isHeld = locked.some((one) => resvOf(one) === resvOf(obj));
    if (prelocked === obj) {
      prelocked = undefined;
      expect(exec.lock(obj, resvOf(obj), 0).via).toBe('prelocked');
    } else if (isHeld) expect(exec.lock(obj, resvOf(obj), 0).via).toBe('duplicate');
    else if (fate === 6) {
      expect(exec.lock(obj, resvOf(obj), -35).via).toBe('contended');
      exec.cleanup(true);
      locked = [];
      prelocked = undefined;
      pending = obj;
    } else {
      locked.push(obj);
      expect(exec.lock(obj, resvOf(obj), 0).via).toBe('lock');
    }
    expect(exec.objects.map((one) => one.obj)).toEqual(locked);
    expect(exec.prelocked?.obj).toBe(prelocked);
    for (let other = 0; other < limit; other += 2) {
      expect(exec.holdsResv(resvOf(other))).toBe(locked.some((one) => resvOf(one) === resvOf(other)));
    }
  }
  expect(exec.fini()).toBeUndefined();
}

it(
  'follows a simulated drm_exec, with few and with many locks',
  () => {
    fc.assert(fc.property(fc.array(fc.nat(10000), { maxLength: 60 }), fc.constantFrom(6, 80), simulate), {
      numRuns: 300,
    });
  },
  PATIENCE,
);
