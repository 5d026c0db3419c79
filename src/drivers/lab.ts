// The lab's own driver, whose ioctl can be told to do things in other ways.
import { SZ_4K } from '../mmu/format.ts';
import { flat } from '../mmu/formats/flat.ts';
import type { Driver } from './driver.ts';

export const lab: Driver = {
  source: 'fixtures/lab/module of this program',
  jobs: { is: 'all ops', by: 'lab_ioctl_vm_bind().' },
  lockPass: { is: 'before the ops', by: 'lab_lock_pass().' },
  apply: { is: 'ioctl', by: 'lab_apply(); in a worker where a job is deferred.' },
  treeLock: { is: 'own lock', by: 'a mutex of the VM.' },
  listLock: { is: 'resv', by: 'gpuva.lock where the VM is in immediate mode.' },
  rollback: { is: 'left', by: 'nothing is undone.' },
  privateObjects: { is: 'share resv', by: 'objects made for a VM.' },
  externals: { is: 'not listed', by: 'each lock pass goes by its own means.' },
  fences: { is: 'implicit', by: 'as the job says.' },
  close: { is: 'at once', by: 'everything is unmapped.' },
  sparse: { is: 'NULL maps', by: 'a mapping without an object.' },
  tlb: { is: 'never', by: 'there is no GPU.' },
  tables: {
    code: 'lab',
    format: (init) => flat(init.mmStart, init.mmRange),
    leaves: [SZ_4K],
    written: { is: 'with each step', by: 'lab_mmu_map() and lab_mmu_unmap().' },
    keep: { is: 'all', by: 'no call is made for what stays.' },
    remap: { is: 'gap', by: 'drm_gpuva_op_remap_to_unmap_range().' },
    holes: { is: 'passed', by: 'an empty entry is cleared once more.' },
  },
};
