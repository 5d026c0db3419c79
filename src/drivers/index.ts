// The drivers that are known, and the code behind each kind of page table call. A new driver is a file and a line here.
import type { DriverName, TableCode } from '../events/vm_event.ts';
import type { Driver, DriverTables } from './driver.ts';
import { lab } from './lab.ts';
import { msm } from './msm.ts';
import { nouveau } from './nouveau.ts';
import { panthor } from './panthor.ts';
import { pvr } from './pvr.ts';
import { xe } from './xe.ts';

export { TOPICS } from './driver.ts';

export const DRIVERS: Readonly<Record<DriverName, Driver>> = { msm, nouveau, xe, panthor, pvr, lab };

/** Undefined while the driver of the job, or of the VM, is not known. */
export function driverOf(of: { readonly driver: DriverName | undefined } | undefined): Driver | undefined {
  return of?.driver === undefined ? undefined : DRIVERS[of.driver];
}

export const TABLE_CODES: Readonly<Record<TableCode, DriverTables>> = {
  lab: lab.tables,
  msm: msm.tables,
  // The same calls, as the driver's debug lines tell of them; so is panthor's below.
  'msm-log': msm.tables,
  nvif: nouveau.tables,
  xe: xe.tables,
  'io-pgtable': panthor.tables,
  panthor: panthor.tables,
  pvr: pvr.tables,
  // io-pgtable most likely, of whichever driver.
  iommu: { ...panthor.tables, code: 'iommu', remap: pvr.tables.remap, isIoPgtable: false },
};
