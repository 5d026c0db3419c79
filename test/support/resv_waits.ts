// contention_begin and contention_end around a lock call: no capture has them, so a real one gets them where the kernel emits
// them (mutex.c, __mutex_lock_common(): within the slow path of the call, spinning first), in the text of trace/events/lock.h.

const NAME = /^( *)(\S+)-(\d+)( +\[\d+\] \S+ +)(\d+\.\d+): /;

/** A line of the same task, so many microseconds later. */
function beside(line: string, text: string, after: number): string {
  const [, blank = '', comm = '', pid = '', middle = '', time = ''] = NAME.exec(line) ?? [];
  return `${blank}${comm}-${pid}${middle}${(Number(time) + after / 1e6).toFixed(6)}: ${text}`;
}

/** The capture with a wait of 7 us in each lock call of a task that returns ret or goes the slow path. */
export function withWaits(text: string): { readonly text: string; readonly waits: number } {
  const lines = text.split('\n').filter((line) => !line.startsWith('# entries-in-buffer'));
  let waits = 0;
  const out = lines.flatMap((line, i) => {
    const [, resv] = / lock_obj: .* resv=0x(\w+)/.exec(line) ?? [];
    const pid = NAME.exec(line)?.[3];
    const back = lines.slice(i + 1).find((one) => NAME.exec(one)?.[3] === pid && one.includes(' lock_obj_ret: '));
    if (resv === undefined || !back?.endsWith('ret=-35')) return [line];
    waits++;
    return [
      line,
      beside(line, `contention_begin: ${resv} (flags=SPIN|MUTEX)`, 1),
      beside(line, `contention_begin: ${resv} (flags=MUTEX)`, 3),
      beside(line, `contention_end: ${resv} (ret=-35)`, 8),
    ];
  });
  return { text: out.join('\n'), waits };
}
