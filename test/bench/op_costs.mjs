// The cost of one op in a VM of few and of many mappings: the tree must not make the analysis quadratic.
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const OPS = 20_000;
const ROUNDS = 5;
const PAGE = 4096;
const GPUVM = 'gpuvm=0xffff888100001000';

const hex = (value) => `0x${value.toString(16)}`;
const va = (n) => `0xffff8882${(n * 128).toString(16).padStart(8, '0')}`;
const line = (rest) => `             app-1000    [000] .....     1.000000: ${rest}\n`;
const insert = (n, addr) =>
  line(
    `va_insert: (f+0x1/0x2 <- drm_gpuva_insert) ${GPUVM} va=${va(n)} addr=${hex(addr)} range=0x1000 obj=0x0 offset=0x0 flags=2 ret=0`,
  );

function setUp(mappings) {
  const parts = [
    line(
      `vm_init: (f+0x1/0x2 <- drm_gpuvm_init) ${GPUVM} name="bench" vm_flags=0 mm_start=0x0 mm_range=0x1000000000000 kstart=0x0 krange=0x0 r_obj=0x0 resv=0xffff888100002000`,
    ),
  ];
  for (let n = 1; n <= mappings; n++) parts.push(insert(n, n * PAGE));
  return parts.join('');
}

/** Each op maps a page over one that is mapped, at places all over the VM. */
function ops(mappings) {
  const holder = Array.from({ length: mappings + 1 }, (_, n) => n);
  const parts = [];
  for (let i = 0, fresh = mappings + 1; i < OPS; i++, fresh++) {
    const n = 1 + ((i * 7919) % mappings);
    const [at, old] = [`addr=${hex(n * PAGE)} range=0x1000`, va(holder[n])];
    parts.push(
      line(`sm_map: (drm_gpuvm_sm_map+0x4/0x50) ${GPUVM} priv=0x10 ${at} obj=0x0 offset=0x0`),
      line(
        `step_unmap: (lab_sm_step_unmap+0x4/0x50) op=0x20 priv=0x10 va=${old} keep=0 ${GPUVM} ${at} obj=0x0 offset=0x0`,
      ),
      line(`va_remove: (drm_gpuva_remove+0x4/0xc0) ${GPUVM} va=${old} ${at} obj=0x0`),
      line('step_unmap_ret: (f+0x1/0x2 <- lab_sm_step_unmap) op=0x20 ret=0'),
      line(`step_map: (lab_sm_step_map+0x4/0x50) op=0x20 priv=0x10 ${GPUVM} ${at} obj=0x0 offset=0x0`),
      insert(fresh, n * PAGE),
      line('step_map_ret: (f+0x1/0x2 <- lab_sm_step_map) op=0x20 ret=0'),
      line(`sm_map_ret: (f+0x1/0x2 <- drm_gpuvm_sm_map) ${GPUVM} ret=0`),
    );
    holder[n] = fresh;
  }
  return parts.join('');
}

/** Microseconds per op with 1,000 and with 100,000 mappings, medians of runs that take turns. */
export async function opCosts(root) {
  const { Analysis } = await import(pathToFileURL(path.join(root, 'dist/src/analyze.js')).href);
  const cases = [1000, 100_000].map((mappings) => ({
    first: Buffer.from(setUp(mappings)),
    second: Buffer.from(ops(mappings)),
    costs: [],
  }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { first, second, costs } of cases) {
      const analysis = new Analysis({ file: 'bench' });
      analysis.push(first);
      const start = performance.now();
      analysis.push(second);
      costs.push((1000 * (performance.now() - start)) / OPS);
      const report = analysis.finish();
      if (report.jobs.length !== OPS || report.findings.length > 0) {
        throw new Error(`the bench's own trace is odd: ${report.jobs.length} jobs, ${report.findings[0]?.message}`);
      }
    }
  }
  const [small, large] = cases.map(({ costs }) => costs.toSorted((a, b) => a - b)[ROUNDS >> 1]);
  return { small, large };
}
