// A scenario as the skeleton of an IGT test for the driver that the trace is of: its calls where igt-gpu-tools has functions for
// them, TODO where it has not.
import { hex } from '../base/u64.ts';
import type { DriverName } from '../events/vm_event.ts';
import type { Scenario, ScenarioObject, ScenarioOp } from '../reduce/scenario.ts';
import { scenarioText } from './scenario.ts';
import { comment } from './scenario_c.ts';

/** How a driver's calls are written in IGT. */
interface Dialect {
  readonly includes: readonly string[];
  /** `DRIVER_XE` */
  readonly driver: string;
  readonly declare: (objects: readonly ScenarioObject[]) => readonly string[];
  readonly vm: readonly string[];
  readonly object: (object: ScenarioObject, size: string) => readonly string[];
  readonly op: (op: ScenarioOp) => readonly string[];
}

const plainHandles = (objects: readonly ScenarioObject[]) => [
  ['uint32_t vm', ...objects.map(({ number }) => `bo${number}`)].join(', '),
];

/** lib/xe/xe_ioctl.h and xe_query.h. */
const xe: Dialect = {
  includes: ['xe_drm.h', 'xe/xe_ioctl.h', 'xe/xe_query.h'],
  driver: 'DRIVER_XE',
  declare: plainHandles,
  vm: ['vm = xe_vm_create(fd, 0, 0);'],
  object: ({ number, isPrivate }, size) => [
    `bo${number} = xe_bo_create(fd, ${isPrivate ? 'vm' : '0'}, ${size}, system_memory(fd), 0);`,
  ],
  op: ({ kind, addr, range, obj, offset }) => {
    if (kind === 'unmap') return [`xe_vm_unbind_sync(fd, vm, 0, ${hex(addr)}, ${hex(range)});`];
    if (kind === 'map') return [`xe_vm_bind_sync(fd, vm, bo${obj}, ${hex(offset)}, ${hex(addr)}, ${hex(range)});`];
    return [`/* TODO: DRM_XE_VM_BIND_FLAG_NULL at ${hex(addr)}, ${hex(range)} bytes */`];
  },
};

/** lib/igt_panthor.h. */
const panthor: Dialect = {
  includes: ['igt_panthor.h', 'panthor_drm.h'],
  driver: 'DRIVER_PANTHOR',
  declare: (objects) => ['uint32_t vm', ...objects.map(({ number }) => `struct panthor_bo bo${number}`)],
  vm: ['igt_panthor_vm_create(fd, &vm, 0);'],
  object: ({ number, isPrivate }, size) => [
    ...(isPrivate ? [`/* TODO: exclusive_vm_id = vm, which igt_panthor_bo_create() does not set */`] : []),
    `igt_panthor_bo_create(fd, &bo${number}, ${size}, 0, 0);`,
  ],
  op: ({ kind, addr, range, obj, offset }) => {
    if (kind === 'map_null') return [`/* TODO: no NULL mappings: ${hex(addr)}, ${hex(range)} bytes */`];
    const [handle, type] = kind === 'map' ? [`bo${obj}.handle`, 'MAP'] : ['0', 'UNMAP'];
    return [
      `igt_panthor_vm_bind_offset(fd, vm, ${handle}, ${hex(addr)}, ${hex(range)}, ${hex(offset)},`,
      `\t\t\t   DRM_PANTHOR_VM_BIND_OP_TYPE_${type}, 0);`,
    ];
  },
};

/** No functions for VMs in IGT: what the uapi header calls its ioctls. */
function bare(
  driver: string,
  header: string,
  ioctls: { readonly vm: string; readonly bo: string; readonly bind: string },
): Dialect {
  return {
    includes: [header],
    driver,
    declare: plainHandles,
    vm: [`vm = 0;	/* TODO: ${ioctls.vm} */`],
    object: ({ number, isPrivate }, size) => [
      `bo${number} = 0;	/* TODO: ${ioctls.bo}, ${size} bytes${isPrivate ? ', private to the VM' : ''} */`,
    ],
    op: ({ kind, addr, range, obj, offset }) => {
      const of = kind === 'map' ? ` of bo${obj} at ${hex(offset)}` : '';
      return [`/* TODO: ${ioctls.bind}: ${kind.toUpperCase()} ${hex(addr)}, ${hex(range)} bytes${of} */`];
    },
  };
}

const DIALECTS: Partial<Record<DriverName, Dialect>> = {
  xe,
  panthor,
  msm: bare('DRIVER_MSM', 'msm_drm.h', {
    vm: 'MSM_PARAM_EN_VM_BIND makes the file’s own VM one that the user binds',
    bo: 'DRM_MSM_GEM_NEW (MSM_BO_NO_SHARE: private)',
    bind: 'DRM_MSM_VM_BIND',
  }),
  nouveau: bare('DRIVER_NOUVEAU', 'nouveau_drm.h', {
    vm: 'DRM_NOUVEAU_VM_INIT makes the file’s own',
    bo: 'DRM_NOUVEAU_GEM_NEW (NOUVEAU_GEM_DOMAIN_NO_SHARE: private)',
    bind: 'DRM_NOUVEAU_VM_BIND',
  }),
  pvr: bare('DRIVER_ANY', 'pvr_drm.h', {
    vm: 'DRM_IOCTL_PVR_CREATE_VM_CONTEXT',
    bo: 'DRM_IOCTL_PVR_CREATE_BO',
    bind: 'DRM_IOCTL_PVR_VM_MAP and _UNMAP',
  }),
};

const ANY = bare('DRIVER_ANY', 'drm.h', { vm: 'make a VM', bo: 'make an object', bind: 'VM_BIND' });

export function scenarioIgt(scenario: Scenario): string {
  const { driver, objects, jobs, target } = scenario;
  const dialect = (driver === undefined ? undefined : DIALECTS[driver]) ?? ANY;
  const name = target.rule.replaceAll('-', '_');
  const body = [
    ...dialect.vm,
    ...objects.flatMap((object) => dialect.object(object, sizeOf(scenario, object))),
    ...jobs.flatMap(({ ops }, index) => [
      '',
      `/* ioctl ${index + 1}${ops.length > 1 ? ': TODO these ops belong into one call' : ''} */`,
      ...ops.flatMap(dialect.op),
    ]),
  ];
  return `${comment(`A skeleton, written by gpuvm-trace reduce: TODO says what it leaves to you.\n\n${scenarioText(scenario)}`)}
#include "igt.h"
${dialect.includes.map((header) => `#include "${header}"\n`).join('')}
IGT_TEST_DESCRIPTION("TODO: ${target.rule}");

/* TODO: the kernel does not tell: trace it meanwhile (gpuvm-trace capture), or run with CONFIG_PROVE_LOCKING and KASAN. */
static void ${name}(int fd)
{
${dialect
  .declare(objects)
  .map((line) => `	${line};\n`)
  .join('')}
${body.map((line) => (line === '' ? '\n' : `	${line}\n`)).join('')}}

igt_main {
	int fd;

	igt_fixture {
		fd = drm_open_driver(${dialect.driver});
	}

	igt_subtest("${target.rule}")
		${name}(fd);

	igt_fixture {
		drm_close_driver(fd);
	}
}
`;
}

function sizeOf({ jobs }: Scenario, { number }: ScenarioObject): string {
  const ends = jobs.flatMap(({ ops }) => ops.filter((op) => op.obj === number));
  return hex(ends.map(({ offset, range }) => Number(offset) + Number(range)).reduce((a, b) => Math.max(a, b), 0x1000));
}
