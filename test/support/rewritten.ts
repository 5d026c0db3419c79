// A capture as if it had been made again: other pointers, pids, driver's numbers of jobs, and another clock.
import { bytesOf } from './scheduler_events.ts';

/** The places within a page stay: some pointers lead into the middle of what others lead to. */
const POINTER = /0xffff(88|c9)([0-9a-f]{7})([0-9a-f]{3})\b/g;
const TASK = /^( *\S.*?-)(\d+)( +\[)/;
const TIME = / (\d+)\.(\d{6}): /;
const JOB = /\b(job|id)=(\d+)\b/g;

/** The clock goes `pace` times as fast. */
export function rewritten(bytes: Uint8Array, pace = 1): Uint8Array {
  const lines = Buffer.from(bytes).toString('latin1').split('\n');
  return bytesOf(
    lines.map((line) =>
      line
        .replace(TASK, (_, head: string, pid: string, tail: string) => `${head}${otherPid(pid)}${tail}`)
        .replace(TIME, (_, seconds: string, micros: string) => ` ${otherTime(seconds, micros, pace)}: `)
        .replace(JOB, (_, key: string, job: string) => `${key}=${Number(job) + 7919}`)
        .replace(POINTER, (_, area: string, page: string, place: string) => `0xffff${area}${otherPage(page)}${place}`),
    ),
  );
}

/** Odd factors permute what is left of a power of two; neighbours do not stay neighbours. */
function otherPage(page: string): string {
  return BigInt.asUintN(28, BigInt(`0x${page}`) * 0x9e3779bn)
    .toString(16)
    .padStart(7, '0');
}

function otherPid(pid: string): string {
  return pid === '0' ? pid : String(Number(pid) + 4242);
}

function otherTime(seconds: string, micros: string, pace: number): string {
  const time = Math.round((Number(seconds) * 1e6 + Number(micros)) * pace) + 1e9;
  return `${Math.floor(time / 1e6)}.${String(time % 1e6).padStart(6, '0')}`;
}
