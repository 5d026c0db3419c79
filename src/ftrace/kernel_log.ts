// The kernel's log as text: dmesg in each of its forms, /dev/kmsg's raw prefix, journalctl -k and syslog. It holds what drivers
// print (drm_dbg, pr_debug), and no other events. Source: util-linux dmesg.c, printk.c print_time() and print_caller().
import { latin1 } from './bytes.ts';
import type { Layout } from './layouts.ts';

/** No prefix is longer. */
const MAX_PREFIX = 160;

const SYSLOG = String.raw`(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.,+-]+Z?) \S+ kernel: `;
const LEVEL = String.raw`<\d{1,3}>|[a-z]+ *:[a-z]+ *: `;
const STAMP = String.raw`\[ *(\d+\.\d+)\]|\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\]|\d{4}-\d\d-\d\dT[\d:,.]+[+-][\d:]+(?= )`;
/** CONFIG_PRINTK_CALLER: a task, or the CPU of an interrupt. */
const CALLER = String.raw`\[ *T(\d+)\]|\[ *C\d+\]`;
const PREFIX = new RegExp(`^(?:${SYSLOG})?(?:${LEVEL})?(?:${STAMP})?(?:${CALLER})? ?`);

/** A line with a prefix that tells when or how it was logged; `rest` is its message. */
export const kernelLogLayout: Layout = {
  name: 'kernel-log',
  parse(buf, start, end, rec) {
    const [prefix = '', time = '', task] = PREFIX.exec(latin1(buf, start, Math.min(end, start + MAX_PREFIX))) ?? [];
    if (prefix.trim() === '') return false;
    rec.timeStart = start + prefix.indexOf(time);
    rec.timeEnd = rec.timeStart + time.length;
    rec.commStart = rec.commEnd = start;
    rec.pid = task === undefined ? -1 : Number(task);
    rec.cpu = -1;
    rec.rest = start + prefix.length;
    rec.end = end;
    return true;
  },
};

/** A line of a log without prefixes (dmesg -t), or one that goes on with the message before. */
export const bareLogLayout: Layout = {
  name: 'kernel-log',
  parse(_buf, start, end, rec) {
    rec.timeStart = rec.timeEnd = rec.commStart = rec.commEnd = rec.rest = start;
    rec.pid = rec.cpu = -1;
    rec.end = end;
    return true;
  },
};
