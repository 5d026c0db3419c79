// A scenario as a C program for the ioctls of the lab's module (fixtures/lab/module).
import { hex } from '../base/u64.ts';
import type { Scenario, ScenarioJob, ScenarioOp, StepMistake } from '../reduce/scenario.ts';
import { isOwn, scenarioText } from './scenario.ts';

const OPS = { map: 'LAB_OP_MAP', map_null: 'LAB_OP_MAP_NULL', unmap: 'LAB_OP_UNMAP' } as const;
const FLAGS: Readonly<Record<StepMistake, string>> = {
  'prev lost': 'LAB_F_LOSE_PREV',
  'next lost': 'LAB_F_LOSE_NEXT',
  'wrong next': 'LAB_F_BAD_NEXT_OFFSET',
  'unmap skipped': 'LAB_F_SKIP_UNMAP',
};

/** A comment, line by line, that no text can end. */
export function comment(text: string): string {
  const lines = text.trimEnd().replaceAll('*/', '* /').split('\n');
  return `/*\n${lines.map((line) => ` * ${line}`.trimEnd()).join('\n')}\n */\n`;
}

export function scenarioC(scenario: Scenario): string {
  const { vm, objects, jobs } = scenario;
  const sizes = new Map(objects.map(({ number }) => [number, sizeOf(scenario, number)]));
  return `${comment(`${scenarioText(scenario)}\ncc -Wall -I fixtures/lab/module reduced.c -o reduced; ./reduced [device]`)}#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmbind_lab_uapi.h"

static int device;

static void call(const char *what, unsigned long request, void *arg)
{
	if (ioctl(device, request, arg) == 0)
		return;
	fprintf(stderr, "%s: %s\\n", what, strerror(errno));
	exit(1);
}

static uint32_t object(uint64_t size, uint32_t vm)
{
	struct lab_bo_create bo = { .size = size, .vm_id = vm };

	call("object", LAB_BO_CREATE, &bo);
	return bo.handle;
}

/* What becomes of the job is for the trace to tell: it may be meant to fail. */
static void bind(uint32_t vm, uint32_t lock, uint32_t flags, const struct lab_bind_op *ops, uint32_t count)
{
	struct lab_vm_bind job = {
		.ops_ptr = (uintptr_t)ops, .vm_id = vm, .op_count = count, .lock = lock, .flags = flags,
	};

	if (ioctl(device, LAB_VM_BIND, &job))
		fprintf(stderr, "job %u: %s\\n", job.job_id, strerror(errno));
}

int main(int argc, char **argv)
{
	struct lab_vm_create vm = {
		.start = ${hex(vm.start)}, .range = ${hex(vm.range)},
		.kstart = ${hex(vm.kernelStart)}, .krange = ${hex(vm.kernelRange)},
		.flags = ${vm.flags}, .name = "reduced",
	};
${objects.map(({ number }) => `	uint32_t object${number};\n`).join('')}	struct lab_vm_id drain;

	device = open(argc > 1 ? argv[1] : "/dev/dri/renderD128", O_RDWR);
	if (device < 0) {
		perror(argc > 1 ? argv[1] : "/dev/dri/renderD128");
		return 1;
	}
	call("VM", LAB_VM_CREATE, &vm);
	memset(&drain, 0, sizeof(drain));
	drain.vm_id = vm.vm_id;
${objects.map(({ number, isPrivate }) => `	object${number} = object(${sizes.get(number)}, ${isPrivate ? 'vm.vm_id' : '0'});\n`).join('')}
${jobs.map(jobC).join('\n')}	call("drain", LAB_DRAIN, &drain);
	close(device);
	return 0;
}
`;
}

function sizeOf({ jobs }: Scenario, number: number): string {
  const ends = jobs.flatMap(({ ops }) => ops.filter((op) => op.obj === number));
  const end = ends
    .map(({ offset, range }) => BigInt(offset) + BigInt(range))
    .reduce((a, b) => (a > b ? a : b), 0x1000n);
  return hex(end);
}

function jobC(job: ScenarioJob, index: number): string {
  const notes = job.ops
    .filter((op) => op.locking.how === 'ask' && !isOwn(op.locking, op))
    .map(() => '	/* The lab cannot hand its lock pass other arguments: it leaves out the pass instead. */\n');
  return `	/* job ${index + 1} */
${notes[0] ?? ''}	{
		const struct lab_bind_op ops[] = {
${job.ops.map((op) => `			${opC(op)}\n`).join('')}		};

		bind(vm.vm_id, ${lockC(job)}, ${flagsC(job)}, ops, ${job.ops.length});
	}
`;
}

function opC({ kind, obj, addr, range, offset }: ScenarioOp): string {
  const handle = kind === 'map' ? `, .handle = object${obj}, .offset = ${hex(offset)}` : '';
  return `{ .op = ${OPS[kind]}, .addr = ${hex(addr)}, .range = ${hex(range)}${handle} },`;
}

function lockC({ ops, also }: ScenarioJob): string {
  if (ops.some(({ locking }) => locking.how === 'nothing')) return 'LAB_LOCK_NONE';
  if (also.length > 0) return 'LAB_LOCK_ALL';
  return ops.every((op) => isOwn(op.locking, op)) ? 'LAB_LOCK_CORRECT' : 'LAB_LOCK_LISTED';
}

function flagsC({ ops, locksVm, dropsLocks }: ScenarioJob): string {
  const flags = [...new Set(ops.flatMap(({ mistakes }) => mistakes.map((mistake) => FLAGS[mistake])))];
  if (!locksVm) flags.push('LAB_F_NO_VM_RESV');
  if (dropsLocks) flags.push('LAB_F_DEFER');
  return flags.length === 0 ? '0' : flags.join(' | ');
}
