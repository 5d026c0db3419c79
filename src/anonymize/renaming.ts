// The names that stand for those of the trace: equal ones for equal, different ones for different, numbered as they are met.
import { type Ptr, ptrFromU64, ptrHex } from '../base/u64.ts';

/**
 * Pointers keep their place in a block of this many bytes: nothing that the slab allocator gives crosses such a block's end, so
 * that a member stays where it is in its struct, and structs in a row stay in it.
 */
const BLOCK = 1n << 16n;
/** Blocks are named from here on: where no kernel has its memory, and above all hashes of pointers. */
const KERNEL_BLOCKS = 0xffff_7000_0000_0000n / BLOCK;
const USER_BLOCKS = 0x1_0000n;
/** NULL, small numbers and ERR_PTR() are no addresses. */
const LARGEST_NUMBER = 0xffff;
const MAX_ERRNO = 4095;
const FIRST_PID = 1001;

/** Names of the trace to those that stand for them. */
export interface Keys {
  /** By the first address of the block of 64 KiB. */
  readonly pointers: Readonly<Record<string, string>>;
  readonly pids: Readonly<Record<string, string>>;
  readonly tasks: Readonly<Record<string, string>>;
  readonly vms: Readonly<Record<string, string>>;
}

export class Renaming {
  readonly #blocks = new Map<bigint, bigint>();
  #kernelBlocks = 0n;
  #userBlocks = 0n;
  readonly #pids = new Map<number, number>();
  readonly #tasks = new Map<string, string>();
  #workers = 0;
  readonly #vms = new Map<string, string>();

  pointer(ptr: Ptr): Ptr {
    if (ptr >= -MAX_ERRNO && ptr <= LARGEST_NUMBER) return ptr;
    const bits = BigInt.asUintN(64, BigInt(ptr));
    const block = bits / BLOCK;
    const named = this.#blocks.get(block) ?? this.#nextBlock(block, ptr < 0);
    return ptrFromU64(named * BLOCK + (bits % BLOCK));
  }

  #nextBlock(block: bigint, isKernel: boolean): bigint {
    const named = isKernel ? KERNEL_BLOCKS + ++this.#kernelBlocks : USER_BLOCKS + ++this.#userBlocks;
    this.#blocks.set(block, named);
    return named;
  }

  /** 0 is the idle task of every CPU. */
  pid(pid: number): number {
    if (pid === 0) return pid;
    let named = this.#pids.get(pid);
    if (named === undefined) {
      named = FIRST_PID + this.#pids.size;
      this.#pids.set(pid, named);
    }
    return named;
  }

  /** That it is a worker of the kernel's stays; for which queue does not. */
  task(comm: string): string {
    let named = this.#tasks.get(comm);
    if (named === undefined) {
      if (comm === '<idle>' || comm === '<...>') named = comm;
      else if (comm.startsWith('kworker/')) named = `kworker/${++this.#workers}`;
      else named = `task-${this.#tasks.size - this.#workers + 1}`;
      this.#tasks.set(comm, named);
    }
    return named;
  }

  vm(name: string): string {
    let named = this.#vms.get(name);
    if (named === undefined) {
      named = `vm-${this.#vms.size + 1}`;
      this.#vms.set(name, named);
    }
    return named;
  }

  get keys(): Keys {
    const address = (block: bigint) => ptrHex(ptrFromU64(block * BLOCK));
    return {
      pointers: Object.fromEntries([...this.#blocks].map(([from, to]) => [address(from), address(to)])),
      pids: Object.fromEntries([...this.#pids].map(([from, to]) => [`${from}`, `${to}`])),
      tasks: Object.fromEntries(this.#tasks),
      vms: Object.fromEntries(this.#vms),
    };
  }
}
