// ARM long descriptors, stage 1, with 4K, 16K and 64K granules: arm_lpae_restrict_pgsizes() and
// arm_lpae_alloc_pgtable() of drivers/iommu/io-pgtable-arm.c.

import {
  type Format,
  type Level,
  type Semantics,
  SZ_1G,
  SZ_2M,
  SZ_4K,
  SZ_4T,
  SZ_16K,
  SZ_32M,
  SZ_64K,
  SZ_512M,
  sizeName,
} from '../format.ts';

export interface ArmLpaeConfig {
  /** Sum of the page sizes that the driver asks for. */
  readonly pgsizeBitmap: number;
  /** Bits of a virtual and of a physical address. */
  readonly ias: number;
  readonly oas: number;
  /** 6.12 and before split a block that is unmapped in part; 6.13 and later (33729a5fc0ca) refuse. */
  readonly partialBlock?: 'split' | 'refuse';
  /** Before 6.12 a map without READ and WRITE succeeded and did nothing. */
  readonly noAccess?: 'einval' | 'nothing';
  /** PAGE_SIZE of the CPU, the granule that is preferred. */
  readonly cpuPageSize?: number;
}

const MAX_LEVELS = 4;
/** Bytes of a descriptor, as a shift. */
const PTE_SHIFT = 3;

const SEMANTICS: Semantics = {
  overLeaf: 'eexist',
  onError: 'keep',
  refusedAt: 'table',
  unmapHole: 'short',
  partialBlock: 'refuse',
  emptyTables: 'keep',
  call: 'table',
  outside: 'erange',
  noAccess: 'einval',
};

const BITS = Array.from({ length: 53 }, (_, bit) => 2 ** bit);

function has(bitmap: number, size: number): boolean {
  return Math.floor(bitmap / size) % 2 === 1;
}

/** The CPU's page size if the driver takes it, else the largest below it, else the smallest above it. */
function chooseGranule(bitmap: number, cpuPageSize: number): number | undefined {
  if (has(bitmap, cpuPageSize)) return cpuPageSize;
  const asked = BITS.filter((size) => has(bitmap, size));
  return asked.findLast((size) => size < cpuPageSize) ?? asked.find((size) => size > cpuPageSize);
}

/** Leaf sizes that go with a granule, and the most address bits; 4T blocks need 52-bit physical addresses. */
function allowed(unit: number, oas: number): { readonly sizes: readonly number[]; readonly bits: number } {
  if (unit === SZ_4K) return { sizes: [SZ_4K, SZ_2M, SZ_1G], bits: 48 };
  if (unit === SZ_16K) return { sizes: [SZ_16K, SZ_32M], bits: 48 };
  if (unit === SZ_64K) return { sizes: oas > 48 ? [SZ_64K, SZ_512M, SZ_4T] : [SZ_64K, SZ_512M], bits: 52 };
  return { sizes: [], bits: 48 };
}

/** The table that the kernel would make; undefined where it makes none. */
export function armLpae(config: ArmLpaeConfig): Format | undefined {
  const unit = chooseGranule(config.pgsizeBitmap, config.cpuPageSize ?? SZ_4K);
  if (unit === undefined) return undefined;
  const { sizes, bits } = allowed(unit, config.oas);
  const leaves = sizes.filter((size) => has(config.pgsizeBitmap, size));
  if (leaves.length === 0) return undefined;
  const ias = Math.min(config.ias, bits);
  const shift = Math.log2(unit);
  const perLevel = shift - PTE_SHIFT;
  const count = Math.ceil((ias - shift) / perLevel);
  if (count < 1 || count > MAX_LEVELS) return undefined;
  const levels: Level[] = [];
  for (let depth = count - 1; depth >= 0; depth--) {
    const at = shift + depth * perLevel;
    levels.push({ shift: at, bits: depth === count - 1 ? ias - at : perLevel, leaf: leaves.includes(2 ** at) });
  }
  return {
    name: `arm_lpae_s1 ${leaves.map((size) => sizeName(size)).join('|')}`,
    levels,
    base: 0,
    size: 2 ** ias,
    oas: Math.min(config.oas, bits),
    hint: 0,
    semantics: {
      ...SEMANTICS,
      partialBlock: config.partialBlock ?? 'refuse',
      noAccess: config.noAccess ?? 'einval',
    },
  };
}

/** Level 0 to 3 of the architecture that the walk begins at. */
export function startLevel(format: Format): number {
  return MAX_LEVELS - format.levels.length;
}

function known(config: ArmLpaeConfig): Format {
  const format = armLpae(config);
  if (format === undefined) throw new Error('gpuvm-trace bug: no such arm_lpae format');
  return format;
}

/** panthor: 4K and 2M, 48 bits on both sides. */
export const PANTHOR = known({ pgsizeBitmap: SZ_4K + SZ_2M, ias: 48, oas: 48 });
/** msm's VM_BIND address spaces: the CPU's page size only, so never a block. */
export const MSM = known({ pgsizeBitmap: SZ_4K, ias: 48, oas: 48 });
