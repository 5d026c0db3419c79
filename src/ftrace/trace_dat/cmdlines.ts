// <tracefs>/saved_cmdlines as stored in a trace.dat: the name each pid had last.
import { latin1 } from './byte_source.ts';

const NEWLINE = 10;

/** Lines of "<pid> <name>"; a name may hold any byte but a newline. */
export function parseCmdlines(text: Uint8Array): Map<number, string> {
  const names = new Map<number, string>([[0, '<idle>']]);
  let from = 0;
  while (from < text.length) {
    const newline = text.indexOf(NEWLINE, from);
    const to = newline < 0 ? text.length : newline;
    const [, pid, name] = /^\s*(\d{1,10}) (.*)$/s.exec(latin1(text, from, Math.min(to, from + 256))) ?? [];
    if (pid !== undefined && name !== undefined) names.set(Number(pid), name);
    from = to + 1;
  }
  return names;
}
