// Which kernel a trace is of, and why, as `check` says it; the switches by their names.
import type { DriverName } from '../events/vm_event.ts';
import { type KernelReport, switches } from '../kernels/index.ts';
import { printable } from './escape.ts';
import { counted } from './style.ts';

/** Sources that one line has room for. */
const MANY_SOURCES = 3;

/** `kernel 6.18 (6.18.35-lab in the trace’s header)` */
export function kernelLine({ name, from }: KernelReport): string {
  if (from.length === 0) return 'kernel unknown (nothing in the trace tells; --kernel says which)';
  const shown = from.slice(0, MANY_SOURCES);
  const more = from.length - shown.length;
  return printable(`kernel ${name} (${shown.join('; ')}${more > 0 ? `; ${counted(more, 'more sign')}` : ''})`);
}

/** `driver msm, xe` */
export function driverLine(drivers: ReadonlySet<DriverName>): string {
  if (drivers.size === 0) return 'driver unknown (none of its own functions is in the trace; --driver says which)';
  return `driver ${[...drivers].join(', ')}`;
}

/** Of JSON: switches by the names that --kernel takes; those that nothing tells are null. */
export function kernelObject(report: KernelReport): Record<string, unknown> {
  return {
    name: printable(report.name),
    switches: Object.fromEntries(switches.map(({ key, name }) => [name, report.switches[key] ?? null])),
    from: report.from.map(printable),
  };
}
