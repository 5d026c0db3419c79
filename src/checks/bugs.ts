// Bugs of real drivers, each with the rule that catches it and the traces that prove it; or why no trace can show it.
import type { DriverName } from '../events/vm_event.ts';

interface KnownBug {
  readonly number: number;
  readonly driver: DriverName | 'gpuvm' | 'asahi';
  /** The mainline commit that fixed it or its CVE; '' where there is none. */
  readonly id: string;
  /** What went wrong. */
  readonly subject: string;
}

export interface CaughtBug extends KnownBug {
  /** The id of the rule. */
  readonly rule: string;
  /** Below fixtures/: a trace that has the bug, and one of the same flow as fixed. */
  readonly fires: string;
  readonly silent: string;
}

export interface HiddenBug extends KnownBug {
  /** Why no trace can show it. */
  readonly why: string;
}

export type Bug = CaughtBug | HiddenBug;

export const bugs: readonly Bug[] = [
  {
    ...{ number: 1, driver: 'msm', id: 'CVE-2026-53054', subject: 'UNMAP is lock-passed with range 0' },
    ...{ rule: 'missing-lock', fires: 'msm/unmap-offset', silent: 'msm/correct' },
  },
  {
    ...{ number: 2, driver: 'nouveau', id: 'CVE-2024-36018', subject: 'REMAP unmaps the old length from prev’s end' },
    ...{ rule: 'pte-overrun', fires: 'nouveau/remap-range', silent: 'nouveau/correct' },
  },
  {
    ...{ number: 3, driver: 'nouveau', id: 'c6b9075cfbd6', subject: 'split mappings forget their sparse region' },
    ...{ rule: 'pte-missing', fires: 'nouveau/sparse-region-lost-6.12', silent: 'nouveau/sparse-correct-6.12' },
  },
  {
    ...{ number: 4, driver: 'pvr', id: 'a5c4c3ba95a5', subject: 'unmap does not lock the object' },
    ...{ rule: 'missing-lock', fires: 'pvr/no-unmap-lock', silent: 'pvr/correct' },
  },
  {
    ...{ number: 5, driver: 'pvr', id: 'CVE-2026-68260', subject: 'map changes the tree without vm_ctx->lock' },
    ...{ rule: 'vm-race', fires: 'pvr/no-vm-lock-6.12', silent: 'pvr/one-vm-correct-6.12' },
  },
  {
    ...{ number: 6, driver: 'panthor', id: 'fa998a9eac88', subject: 'a preallocated vm_bo goes without the VM’s resv' },
    ...{ rule: 'missing-vm-lock', fires: 'panthor/prealloc-unlocked', silent: 'panthor/correct' },
  },
  {
    ...{ number: 7, driver: 'gpuvm', id: '9ce4aef9a5b1', subject: 'a preallocated vm_bo goes without gpuva.lock' },
    ...{
      rule: 'gpuva-lock',
      fires: 'panthor/edited-prealloc-no-gpuva-lock',
      silent: 'panthor/edited-prealloc-gpuva-lock',
    },
  },
  {
    ...{ number: 8, driver: 'msm', id: '8a7023b03535', subject: 'run_job takes the objects’ resv' },
    ...{ rule: 'lock-in-signalling-path', fires: 'msm/lock-in-run', silent: 'msm/correct' },
  },
  {
    ...{ number: 9, driver: 'msm', id: 'c07612365087', subject: 'a _NO_SHARE object is mapped in another VM' },
    ...{ rule: 'foreign-private-object', fires: 'msm/foreign', silent: 'msm/foreign-correct' },
  },
  {
    ...{ number: 10, driver: 'msm', id: 'fe2f3b1c702f', subject: 'an in-place remap tears live entries down' },
    ...{ rule: 'transient-unmap', fires: 'msm/no-inplace', silent: 'msm/correct' },
  },
  {
    ...{ number: 11, driver: 'msm', id: 'CVE-2025-40069', subject: 'a failed look-up of handles leaks objects' },
    why: 'References on objects are taken and dropped by inlined code that no probe reaches, and an object that stays may be held by anybody.',
  },
  {
    ...{ number: 12, driver: 'msm', id: '3a3bef68a6c1', subject: 'offset + range beyond the object is accepted' },
    ...{ rule: 'range-beyond-object', fires: 'msm/bounds', silent: 'msm/bounds-correct' },
  },
  {
    ...{ number: 13, driver: 'msm', id: '6d6a29a19b23', subject: 'sizes are cut to 32 bits' },
    ...{ rule: 'pte-missing', fires: 'msm/truncate-6.12', silent: 'msm/truncate-correct-6.12' },
  },
  {
    ...{ number: 14, driver: 'msm', id: '830d68f2cb8a', subject: 'pages for tables are freed that were never made' },
    ...{ rule: 'pt-prealloc-unmade', fires: 'msm/prealloc-cleanup-6.12', silent: 'msm/prealloc-fails-correct-6.12' },
  },
  {
    ...{ number: 15, driver: 'msm', id: '86404a9e3013', subject: 'close does not wait for the last bind' },
    ...{ rule: 'freed-vm', fires: 'msm/close-pending-6.12', silent: 'msm/close-correct-6.12' },
  },
  {
    ...{ number: 16, driver: 'xe', id: 'bfe9e314d757', subject: 'a remapped mapping comes back with the cut range' },
    ...{ rule: 'bad-rollback', fires: 'xe/unwind-shrunk', silent: 'xe/correct' },
  },
  {
    ...{ number: 17, driver: 'xe', id: 'CVE-2025-38731', subject: 'the array of binds is freed twice' },
    why: 'The array is the ioctl’s own memory: the bind fails before any VM, lock or table is touched.',
  },
  {
    ...{ number: 18, driver: 'xe', id: 'ae482ec8cd1a', subject: 'staging shares live tables with zapping notifiers' },
    why: 'What collides are plain stores to the driver’s copy of the tables; the tracepoints of bind and invalidation stand outside of the lock that orders them, so that they interleave in the fixed driver too.',
  },
  {
    ...{ number: 19, driver: 'xe', id: '84211b1c0db6', subject: 'zapping in fault mode races with unbind' },
    why: 'Zapping walks tables that an unbind frees: neither the walk nor the freeing is a call of its own, and the tracepoints around them interleave in the fixed driver too.',
  },
  {
    ...{ number: 20, driver: 'xe', id: '3edd52bead30', subject: 'rebinding behind the drm_exec loop' },
    ...{ rule: 'exec-misuse', fires: 'xe/edited-rebind-late', silent: 'xe/edited-rebind-in-loop' },
  },
  {
    ...{ number: 21, driver: 'xe', id: 'CVE-2024-53086', subject: 'exec returns its error with the VM’s resv held' },
    ...{ rule: 'lock-leak', fires: 'xe/leak-resv', silent: 'xe/leak-correct' },
  },
  {
    ...{ number: 22, driver: 'xe', id: '28d21e3e66c5', subject: 'the rebind worker uses a freed VM' },
    ...{ rule: 'freed-vm', fires: 'xe/rebind-freed-vm-6.12', silent: 'xe/rebind-correct-6.12' },
  },
  {
    ...{ number: 23, driver: 'xe', id: 'CVE-2024-49865', subject: 'a VM’s id can be used before the VM is made' },
    ...{ rule: 'freed-vm', fires: 'xe/early-id-6.12', silent: 'xe/early-correct-6.12' },
  },
  {
    ...{ number: 24, driver: 'xe', id: 'CVE-2026-68265', subject: 'PREFETCH of an object uses region -1 as an index' },
    why: 'The request is the same before and after the fix; the index is used by inlined code within the driver, and what it reads is in no event.',
  },
  {
    ...{ number: 25, driver: 'xe', id: 'CVE-2026-68298', subject: 'making a VM leaks when an allocation fails' },
    why: 'The path needs an allocation to fail, and what it leaks was never visible: no VM exists yet.',
  },
  {
    ...{ number: 26, driver: 'panthor', id: '8e7460eac786', subject: 'a part of a 2 MiB block is unmapped' },
    ...{ rule: 'partial-block-unmap', fires: 'panthor/no-widen', silent: 'panthor/correct' },
  },
  {
    ...{ number: 27, driver: 'panthor', id: '19e8bc945605', subject: 'an unmap that meets a hole makes no progress' },
    ...{ rule: 'pte-stale', fires: 'panthor/hole-stop-6.12', silent: 'panthor/correct-6.12' },
  },
  {
    ...{ number: 28, driver: 'panthor', id: '', subject: 'the GPU sees entries between their unmap and map' },
    ...{ rule: 'transient-unmap', fires: 'panthor/no-region-6.12', silent: 'panthor/correct-6.12' },
  },
  {
    ...{ number: 29, driver: 'panthor', id: '3387e043918e', subject: 'more is mapped than was asked for' },
    ...{ rule: 'pte-overrun', fires: 'panthor/overmap', silent: 'panthor/correct' },
  },
  {
    ...{
      number: 30,
      driver: 'panthor',
      id: '4492d54d5987',
      subject: 'a preallocated mapping leaks when the map fails',
    },
    why: 'The mapping that leaks was never inserted nor linked: it is memory like any other of the job, whose kfree() is missing.',
  },
  {
    ...{
      number: 31,
      driver: 'panthor',
      id: 'ce04ec03a9c2',
      subject: 'kernel objects are on the list of external ones',
    },
    ...{ rule: 'extobj-mismatch', fires: 'panthor/kernel-bo-late-resv-6.12', silent: 'panthor/kernel-bo-correct-6.12' },
  },
  {
    ...{ number: 32, driver: 'panthor', id: 'f9e7ac6e2e99', subject: 'write fences on shared objects' },
    ...{ rule: 'implicit-fence', fires: 'panthor/write-fence-6.12', silent: 'panthor/correct-6.12' },
  },
  {
    ...{ number: 33, driver: 'pvr', id: 'CVE-2024-53084', subject: 'VM and objects keep each other' },
    ...{ rule: 'vm-bo-leak', fires: 'pvr/edited-close-mapped', silent: 'pvr/edited-close' },
  },
  {
    ...{ number: 34, driver: 'gpuvm', id: '', subject: 'drm_exec keeps a contended object nobody asks for' },
    ...{ rule: 'redundant-lock', fires: 'msm/edited-retry-leftover', silent: 'msm/edited-retry' },
  },
  {
    ...{ number: 35, driver: 'pvr', id: '', subject: 'an overlapping map links to the wrong vm_bo' },
    ...{ rule: 'wrong-vm-bo', fires: 'pvr/overlap', silent: 'pvr/correct' },
  },
  {
    ...{ number: 35, driver: 'msm', id: '', subject: 'a bind of 0 bytes is not refused' },
    ...{ rule: 'zero-length-bind', fires: 'msm/zero-length-6.12', silent: 'msm/zero-length-correct-6.12' },
  },
  {
    ...{ number: 36, driver: 'asahi', id: 'AsahiLinux 433', subject: 'a vm_bo is dropped without the lock' },
    ...{ rule: 'missing-vm-lock', fires: 'panthor/replace-put-unlocked-6.12', silent: 'panthor/replace-correct-6.12' },
  },
  {
    ...{ number: 37, driver: 'asahi', id: 'AsahiLinux 548', subject: 'deferred vm_bos are never cleaned up' },
    ...{ rule: 'vm-bo-leak', fires: 'panthor/no-cleanup-7.3', silent: 'panthor/correct-7.3' },
  },
];

export function isCaught(bug: Bug): bug is CaughtBug {
  return 'rule' in bug;
}
