// The step callbacks of drivers that carry out drm_gpuvm_sm_map() and drm_gpuvm_sm_unmap() themselves (struct
// drm_gpuvm_ops). Their address is taken, so they are symbols in every build.
import type { KernelFunction } from './function.ts';

function mapped(va: string): string {
  return `gpuvm=${va}->vm addr=${va}->va.addr range=${va}->va.range obj=${va}->gem.obj offset=${va}->gem.offset`;
}

function piece(name: 'prev' | 'next'): string {
  const op = `op->remap.${name}`;
  return `${name}_addr=${op}->va.addr ${name}_range=${op}->va.range ${name}_offset=${op}->gem.offset`;
}

const MAP = 'addr=op->map.va.addr range=op->map.va.range obj=op->map.gem.obj offset=op->map.gem.offset';
const UNMAP = `va=op->unmap.va keep=op->unmap.keep ${mapped('op->unmap.va')}`;
const REMAP = `va=op->remap.unmap->va keep=op->remap.unmap->keep ${mapped('op->remap.unmap->va')} prev=op->remap.prev next=op->remap.next ${piece('prev')} ${piece('next')}`;

/** One for each kind of step. */
interface EachStep {
  readonly map: string;
  readonly unmap: string;
  readonly remap: string;
}

/** `priv`: the driver's names of the second argument, what it passed to sm_map. */
export function stepFunctions(map: string, unmap: string, remap: string, priv: EachStep): KernelFunction[] {
  const callback = (name: string, kind: keyof EachStep, members: string): KernelFunction => ({
    signature: `int ${name}(struct drm_gpuva_op *op, void *${priv[kind]})`,
    entry: `op priv=${priv[kind]} ${members}`,
    ret: 'op ret=$retval',
    linkage: 'static',
  });
  return [callback(map, 'map', MAP), callback(unmap, 'unmap', UNMAP), callback(remap, 'remap', REMAP)];
}
