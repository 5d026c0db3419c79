// state-mismatch: the VA space of the trace is not the one of a dump.
import { check } from './check.ts';

export const stateMismatch = check(
  'state_mismatch',
  {
    id: 'state-mismatch',
    severity: 'error',
    summary: 'the mappings at a moment of the trace are not those that a dump of that moment shows',
    meaning:
      'The state that follows from the trace was compared with the file of --expect-state: a mapping is absent, or one too many, or it has another range, object or offset.',
    why: 'The kernel’s own list of mappings (debugfs gpuvas) and the calls that made it must agree. Where they do not, the tree was changed in a way that the probes do not show, or the dump is of another moment.',
    kernel: 'drm_debugfs_gpuva_info() in drm_debugfs.c; nouveau and panthor provide gpuvas.',
    example:
      'A driver drops a mapping by its own list code, without drm_gpuva_remove(): gpuvas lacks it, the trace does not.',
    advice:
      'Name the moment of the dump with --at; a trace often ends behind the teardown, --at last-job is before it.',
  },
  (fact) => ({ severity: 'error', confidence: 'certain', message: fact.detail, role: fact.how }),
  { atRest: true },
);
