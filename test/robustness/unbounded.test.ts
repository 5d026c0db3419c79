// Input without bounds: it is read to its end with little memory, what was let go is said, and the rest is judged as ever.
import { describe, expect, it } from 'vitest';
import {
  type Attack,
  bind,
  entry,
  execFini,
  execInit,
  insert,
  lines,
  objInit,
  pointer,
  resvLock,
  returned,
  survive,
  vmFree,
  vmInit,
} from '../support/attacks.ts';

const MILLION = 1_000_000;
const MANY = 300_000;
const SOME = 100_000;
const MEGABYTES = 200;
const VM = pointer(0, 1);
const EXEC = pointer(0, 2);
const HEAD = lines(vmInit(VM));
const NO_EVENT = /^the trace holds no event/;

interface Case extends Attack {
  readonly code: 0 | 1 | 2 | 3;
  /** What the verdict says, each once; undefined: exactly nothing. */
  readonly doubt?: RegExp;
}

function beyond(what: string): RegExp {
  return new RegExp(`^there are more than \\d+ ${what} at a time at line \\d+: nothing that came before is known`);
}

const STATE: readonly Case[] = [
  {
    name: 'many VMs, one after the other',
    pieces: SOME,
    piece: (i) => lines(vmInit(pointer(1, i)), vmFree(pointer(1, i))),
    code: 0,
  },
  {
    name: 'a million VMs at a time',
    pieces: MILLION,
    piece: (i) => lines(vmInit(pointer(1, i))),
    code: 3,
    doubt: beyond('VMs'),
  },
  {
    name: 'a million open locking contexts of one task',
    pieces: MILLION,
    piece: (i) => lines(execInit(pointer(1, i))),
    code: 3,
    doubt: beyond('locking contexts'),
  },
  {
    name: 'many tasks with an open locking context each',
    pieces: SOME,
    piece: (i) => lines([execInit(pointer(1, i)), 10 + i]),
    code: 3,
    doubt: beyond('tasks within calls'),
  },
  {
    name: 'many locking contexts of one task that add fences',
    pieces: 20_000,
    piece: (i) =>
      lines(execInit(pointer(1, i)), entry('add_fence', 'dma_resv_add_fence', `resv=${VM} fence=${VM} usage=1`)),
    code: 3,
    doubt: beyond('locking contexts'),
  },
  {
    name: 'many ioctls that do not return',
    pieces: 100_000,
    piece: (i) => lines([bind, 10 + i]),
    code: 3,
    doubt: beyond('tasks within calls'),
  },
  {
    name: 'many jobs that are not carried out',
    pieces: 100_000,
    head: HEAD,
    piece: (i) =>
      lines(
        bind,
        entry('lock_pass', 'lab_lock_pass', `job=${pointer(1, i)} exec=${EXEC} id=${i} gpuvm=${VM} nops=2`),
        returned('lock_pass_ret', 'lab_lock_pass', `job=${pointer(1, i)} exec=${EXEC} ret=0`),
        returned('bind_ret', 'lab_ioctl_vm_bind', `file=${VM} vm_id=3 job=${i} retries=0 ret=0`),
      ),
    code: 3,
    doubt: beyond('jobs'),
  },
  {
    name: 'many locks of one locking context',
    pieces: MANY,
    head: lines(execInit(EXEC)),
    piece: (i) =>
      lines(
        returned('lock_obj_ret', 'drm_exec_lock_obj', `exec=${EXEC} obj=${pointer(1, i)} resv=${pointer(1, i)} ret=0`),
      ),
    code: 3,
    doubt: beyond('locks'),
  },
  {
    name: 'many attempts of one locking context',
    pieces: SOME,
    head: lines(execInit(EXEC)),
    piece: () => lines(returned('exec_cleanup', 'drm_exec_cleanup', `exec=${EXEC} again=1`)),
    tail: lines(execFini(EXEC)),
    code: 0,
  },
  {
    name: 'many dma_resvs locked by one task',
    pieces: MANY,
    piece: (i) => lines(resvLock(pointer(1, i))),
    code: 3,
    doubt: beyond('locks'),
  },
  {
    name: 'many objects',
    pieces: 600_000,
    piece: (i) => lines(objInit(pointer(1, i), pointer(2, i))),
    code: 3,
    doubt: beyond('objects'),
  },
  { name: 'many dma_resvs of one object', pieces: SOME, piece: (i) => lines(objInit(VM, pointer(2, i))), code: 0 },
  {
    name: 'many vm_bos',
    pieces: 600_000,
    head: HEAD,
    piece: (i) =>
      lines(returned('bo_create', 'drm_gpuvm_bo_create', `gpuvm=${VM} obj=${VM} resv=${VM} vm_bo=${pointer(4, i)}`)),
    code: 3,
    doubt: beyond('vm_bos'),
  },
  {
    name: 'many mappings',
    pieces: MANY,
    head: HEAD,
    piece: (i) => lines(insert(VM, i)),
    code: 3,
    doubt: beyond('mappings'),
  },
  {
    name: 'many page table entries apart',
    pieces: MANY,
    head: HEAD,
    piece: (i) => {
      const addr = (0x100000 + i * 0x2000).toString(16);
      return lines(entry('mmu_map', 'lab_mmu_map', `gpuvm=${VM} addr=0x${addr} len=0x1000 pte=0x9000000000001`));
    },
    code: 3,
    doubt: beyond('page table ranges'),
  },
  {
    name: 'many ops of one job',
    pieces: MANY,
    head: HEAD + lines(bind, entry('apply', 'lab_apply', `job=${EXEC} id=21 gpuvm=${VM} nops=2`)),
    piece: (i) =>
      lines(
        entry(
          'apply_op',
          'lab_apply_op',
          `job=${EXEC} gpuvm=${VM} idx=${i} op=0 addr=0x100000 range=0x1000 obj=${pointer(1, i)} offset=0x0`,
        ),
      ),
    code: 3,
    doubt: beyond('steps of unfinished jobs'),
  },
  {
    name: 'many findings',
    pieces: SOME,
    head: HEAD + lines(execInit(EXEC)),
    piece: (i) => lines(entry('prepare_obj', 'drm_exec_prepare_obj', `exec=${EXEC} obj=${pointer(1, i)} num_fences=0`)),
    code: 1,
    doubt: /^there are 50000 more findings, of which nothing is kept$/,
  },
  {
    name: 'ranges up to 2^64',
    pieces: 60_000,
    head: HEAD,
    piece: (i) => {
      const value = (bits: number) => `0x${((1n << BigInt(bits)) - 1n).toString(16)}`;
      const args = `addr=${value(i % 65)} range=${value((i * 7) % 65)} obj=${VM} offset=${value((i * 3) % 65)}`;
      return lines(
        entry('sm_map', 'drm_gpuvm_sm_map', `gpuvm=${VM} priv=${EXEC} ${args}`),
        returned('va_insert', 'drm_gpuva_insert', `gpuvm=${VM} va=${pointer(2, i)} ${args} flags=0 ret=0`),
        entry('mmu_map', 'lab_mmu_map', `gpuvm=${VM} addr=${value(i % 65)} len=${value((i * 7) % 65)} pte=0x1`),
        entry('mmu_unmap', 'lab_mmu_unmap', `gpuvm=${VM} addr=${value(i % 65)} len=${value((i * 5) % 65)}`),
      );
    },
    code: 3,
    doubt: /^\d+ times an event does not follow from those before/,
  },
];

/** State that a gap has to take something from. */
const ALIVE =
  lines(...Array.from({ length: 3000 }, (_, i) => vmInit(pointer(1, i)))) +
  lines(...Array.from({ length: 100_000 }, (_, i) => objInit(pointer(2, i), pointer(3, i)))) +
  lines(...Array.from({ length: 3000 }, (_, i) => [execInit(pointer(4, i)), 10 + i] as const));

const TEXT: readonly Case[] = [
  {
    name: 'a line of 1 GB',
    head: HEAD,
    pieces: 1024,
    piece: () => 'x'.repeat(1 << 20),
    tail: `\n${HEAD}`,
    code: 3,
    doubt: /^line 2: the line is cut off \(the input ends in it, or it is longer than any trace line\)$/,
  },
  {
    name: 'many losses',
    head: ALIVE,
    pieces: SOME,
    piece: (i) => `CPU:${i % 8} [LOST 3 EVENTS]\n`,
    code: 3,
    doubt: /^the tracer lost 300000 events$/,
  },
  {
    name: 'losses that may be anywhere among many events',
    head: `${ALIVE}Lost 3 events\n`,
    pieces: SOME,
    piece: (i) => lines(i % 2 === 0 ? resvLock(VM) : entry('n', 'f', 'a=1')),
    code: 3,
    doubt: /^the tracer lost 3 events$/,
  },
  {
    name: 'a million names of events and functions',
    pieces: MILLION,
    piece: (i) => lines(entry(`n${i}`, `f${i}`, 'a=1')),
    code: 3,
    doubt: NO_EVENT,
  },
  {
    name: 'long names',
    pieces: 2000,
    piece: (i) => lines(entry(`n${i}${'x'.repeat(20_000)}`, `f${i}${'y'.repeat(20_000)}`, 'a=1')),
    code: 3,
    doubt: NO_EVENT,
  },
  {
    name: 'many CPUs',
    head: '# entries-in-buffer/entries-written: 1/2   #P:2\n',
    pieces: SOME,
    piece: (i) => lines([entry('n', 'f', 'a=1'), 7, i]),
    code: 3,
    doubt: /^99999 entries too many are in the file/,
  },
  {
    name: 'calls that never return in a graph',
    pieces: SOME,
    piece: () => ' 1)  t-1    |               |  lab_other_function() {\n',
    code: 3,
    doubt: NO_EVENT,
  },
  {
    name: 'calls of many tasks that never return in a graph',
    pieces: SOME,
    piece: (i) => ` 1)  t-${i}    |               |  lab_other_function() {\n`,
    code: 3,
    doubt: NO_EVENT,
  },
  { name: 'nothing but line breaks', pieces: MANY, piece: () => '\n'.repeat(100), code: 2 },
];

const FIELD = '        field {\n          name: "a"\n          str_value: "b"\n        }\n';
const EVENT = `    event {\n      timestamp: 1\n      pid: 1\n      generic {\n        event_name: "vm_init"\n`;

const OTHERS: readonly Case[] = [
  {
    name: 'a bundle of Perfetto’s text without end',
    head: 'packet {\n  ftrace_events {\n    cpu: 0\n',
    pieces: 600_000,
    piece: () => `${EVENT}      }\n    }\n`,
    code: 2,
  },
  {
    name: 'an event of Perfetto’s text without end',
    head: `packet {\n  ftrace_events {\n    cpu: 0\n${EVENT}`,
    pieces: SOME,
    piece: () => FIELD,
    tail: `      }\n    }\n${EVENT}      }\n    }\n  }\n}\n`,
    code: 3,
    doubt: /^line 4: byte \d+: the event has more fields than any$/,
  },
  {
    name: 'threads of Perfetto’s text',
    head: 'packet {\n  process_tree {\n',
    pieces: SOME,
    piece: (i) => `threads {\ntid: ${i}\nname: "${'x'.repeat(200)}"\n}\n`,
    tail: '  }\n}\n',
    code: 2,
  },
  {
    name: 'a quote of a CSV that is not closed',
    head: 'ts,cpu,pid,comm,name,args\n1,0,1,a,b,c\n1,0,1,"',
    pieces: 100,
    piece: () => 'x\n'.repeat(1 << 19),
    code: 3,
    doubt: /^line 3: byte \d+: the record that begins here is cut off: it is longer than any event/,
  },
];

describe.each([
  ['more and more to follow', STATE],
  ['text', TEXT],
  ['other formats', OTHERS],
] as const)('%s', (_, cases) => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, attack) => {
    const { code, signal, out, err } = await survive(attack, MEGABYTES, ['check', '--format', 'json', '-']);
    expect([signal, code, err.split('\n').length > 2 ? err : ''], err).toEqual([null, attack.code, '']);
    if (code === 2) return;
    const { traces } = JSON.parse(out) as { traces: { doubts: string[] }[] };
    const doubts = traces[0]?.doubts ?? [];
    if (attack.doubt === undefined) expect(doubts.filter((one) => one.startsWith('there are'))).toEqual([]);
    else expect(doubts).toContainEqual(expect.stringMatching(attack.doubt));
  });
});

it('what comes after is judged as if the trace began there', async () => {
  const findings = await findingsOf({
    name: 'VMs, and then a correct and a wrong use of one',
    pieces: 10_000,
    piece: (i) => lines(vmInit(pointer(1, i))),
    tail: lines(
      vmInit(VM),
      entry('prepare_obj', 'drm_exec_prepare_obj', `exec=${EXEC} obj=${VM} num_fences=0`),
      // Whether its lock is held was let go.
      entry(
        'va_unlink',
        'drm_gpuva_unlink',
        `va=${VM} vm_bo=${VM} obj=${pointer(1, 1)} resv=${pointer(1, 1)} addr=0x1000`,
      ),
    ),
  });
  expect(findings).toEqual(['exec-misuse']);
});

async function findingsOf(attack: Attack): Promise<string[]> {
  const { out } = await survive(attack, MEGABYTES, ['check', '--format', 'json', '-']);
  return (JSON.parse(out) as { findings: { rule: string }[] }).findings.map(({ rule }) => rule);
}
