// function_graph lines as events: where a trace holds no probe events, the calls themselves say what ran, and with the
// tracer's funcgraph-args and funcgraph-retval options (6.18) even with which arguments and results.
// Source: kernel/trace/trace_functions_graph.c, trace_output.c print_function_args().
import type { Where } from '../events/vm_event.ts';
import { ascii } from './bytes.ts';
import type { ProbeBinding } from './probe_binding.ts';
import type { ProbeTable } from './probe_table.ts';
import { FtraceRecord } from './record.ts';

/** Calls held back until it is known that no probe events tell the same better. */
const HELD = 4096;
/** Nesting beyond this is not a kernel stack. */
const MAX_DEPTH = 256;
/** Tasks within calls. Of others it is not known what returns. */
const MAX_TASKS = 4096;

const CALL = /^([\w.]+)(?: \[[\w-]+\])?\((.*?)\)(;| \{)(.*)$/;
const RETURN = /\bret=(-?\d+|0x[0-9a-f]+)/;

interface Call {
  readonly name: string;
  readonly args: string;
}

interface Held {
  readonly text: string;
  readonly where: Where;
}

/** A call or a return of a probed function; its values are the binding's until the next. */
export type OnProbe = (binding: ProbeBinding, where: Where) => void;

export class GraphFunctions {
  readonly #table: ProbeTable;
  readonly #rec = new FtraceRecord();
  readonly #emit: OnProbe;
  readonly #stacks = new Map<number, Call[]>();
  #held: Held[] | undefined = [];
  #off = false;

  constructor(table: ProbeTable, emit: OnProbe) {
    this.#table = table;
    this.#emit = emit;
  }

  /** The trace holds probe events as well: they tell more, and the same twice would be wrong. */
  turnOff(): void {
    this.#off = true;
    this.#held = undefined;
    this.#stacks.clear();
  }

  /** One function line: a call, a leaf call, or a closing brace. */
  line(text: string, where: Where): void {
    if (this.#off) return;
    if (this.#held === undefined) {
      this.#line(text, where);
      return;
    }
    this.#held.push({ text, where: snapshot(where) });
    if (this.#held.length > HELD) this.flush();
  }

  /** No probe event came: the held lines are all there is. */
  flush(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const one of held ?? []) this.#line(one.text, one.where);
  }

  #line(text: string, where: Where): void {
    const call = CALL.exec(text);
    if (call !== null) {
      const [, name = '', args = '', end, rest = ''] = call;
      this.#event({ name, args }, 'entry', '', where);
      if (end === ';') this.#event({ name, args }, 'return', rest, where);
      else this.#push(where.pid, { name, args });
    } else if (text.startsWith('}')) {
      const left = this.#pop(where.pid);
      if (left !== undefined) this.#event(left, 'return', text, where);
    }
  }

  #push(pid: number, call: Call): void {
    const stack = this.#stacks.get(pid);
    if (stack !== undefined && stack.length < MAX_DEPTH) stack.push(call);
    else if (stack === undefined && this.#stacks.size < MAX_TASKS) this.#stacks.set(pid, [call]);
  }

  #pop(pid: number): Call | undefined {
    const stack = this.#stacks.get(pid);
    const call = stack?.pop();
    if (stack?.length === 0) this.#stacks.delete(pid);
    return call;
  }

  #event(call: Call, at: 'entry' | 'return', tail: string, where: Where): void {
    const binding = this.#table.bySymbol(call.name, at);
    if (binding === undefined) return;
    const ret = at === 'return' ? RETURN.exec(tail)?.[1] : undefined;
    if (this.#read(binding, ret === undefined ? call.args : `${call.args}, ret=${ret}`)) this.#emit(binding, where);
  }

  #read(binding: ProbeBinding, args: string): boolean {
    const words = args.split(', ').filter((word) => /^\w+=\S+$/.test(word));
    const bytes = ascii(words.map((word) => ` ${word}`).join(''));
    this.#rec.setBuffer(bytes);
    this.#rec.end = bytes.length;
    return binding.read(this.#rec, 0);
  }
}

function snapshot(where: Where): Where {
  const { line, pid, cpu } = where;
  const [time, comm] = [where.time(), where.comm()];
  return { line, pid, cpu, time: () => time, comm: () => comm };
}
