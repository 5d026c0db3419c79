// A kernel function as the probe tables give it, and the probes that follow from it: what each fetches, and where that
// lies in the function's arguments.
import { assert } from '../base/assert.ts';
import { probes as specs } from '../dialects/index.ts';
import type { SwitchName } from '../kernels/profile.ts';
import { structs } from './structs.ts';

export interface KernelFunction {
  /** As in C, without qualifiers: `int drm_exec_lock_obj(struct drm_exec *exec, struct drm_gem_object *obj)`. */
  readonly signature: string;
  /**
   * What is fetched at its entry and at its return: `name` of an argument, `name=value` or `name=value:format`. A value is
   * an argument, a member of what it points to (`va->gem.obj`), or what lies so many bytes behind or before it:
   * `+20(data)`, `-12(kref)`. Behind a value that the event is of use without stands a question mark.
   */
  readonly entry?: string;
  readonly ret?: string;
  /** Kernels that have it so; all, where absent. */
  readonly only?: Readonly<Partial<Record<SwitchName, boolean>>>;
  /** A static function may be inlined or renamed (`.isra.0`) by the compiler: then its probes are refused. */
  readonly linkage?: 'static';
  /** One of the few that finding missing locks takes. */
  readonly minimal?: true;
}

/** Where a fetched value comes from. Members and bytes are read through the pointer `of`. */
export type Value =
  | { readonly kind: 'retval'; readonly type: string }
  | { readonly kind: 'param'; readonly type: string; readonly name: string; readonly index: number }
  | {
      readonly kind: 'member';
      readonly type: string;
      readonly of: Value;
      readonly path: string;
      readonly offset: number | undefined;
    }
  | { readonly kind: 'bytes'; readonly type: string; readonly of: Value; readonly offset: number };

export interface Fetch {
  readonly name: string;
  readonly value: Value;
  /** As the tracer's fetch types: `x64`, `u32`, `s32`, `u8`, `string`. */
  readonly format: string;
  /** Without it the event would mislead. */
  readonly needed: boolean;
}

export interface Probe {
  /** The event's name, which is that of the dialects' ProbeSpec. */
  readonly event: string;
  readonly symbol: string;
  readonly at: 'entry' | 'return';
  readonly params: readonly Param[];
  readonly fetches: readonly Fetch[];
  readonly linkage: 'exported' | 'static';
  /** False: only a kernel with backports has the function. */
  readonly certain: boolean;
}

interface Param {
  readonly name: string;
  readonly type: string;
}

const SIGNATURE = /^(.*?)([\w.]+)\((.*)\)$/;
const DECLARATION = /^(.*?)(\w+)$/;

/** The probes of one function: at its entry, its return, or both. */
export function probesOf(fn: KernelFunction): Probe[] {
  const [, returns = '', symbol = '', list = ''] = SIGNATURE.exec(fn.signature) ?? [];
  assert(symbol !== '', `not a signature: ${fn.signature}`);
  const params = list === '' ? [] : list.split(', ').map(param);
  const linkage = fn.linkage ?? 'exported';
  const made: Probe[] = [];
  for (const at of ['entry', 'return'] as const) {
    const wanted = at === 'entry' ? fn.entry : fn.ret;
    if (wanted === undefined) continue;
    const spec = specs.find((one) => one.symbol === symbol && one.at === at);
    assert(spec !== undefined, `no dialect knows ${symbol} at its ${at}`);
    const fetches =
      wanted === ''
        ? []
        : wanted.split(' ').map((text) => fetch(text, params, returns.trim(), fn.only?.thinMutex === true));
    made.push({ event: spec.event, symbol, at, params, fetches, linkage, certain: true });
  }
  return made;
}

function param(text: string): Param {
  const [, type = '', name = ''] = DECLARATION.exec(text) ?? [];
  return { name, type: type.trim() };
}

function fetch(text: string, params: readonly Param[], returns: string, thin: boolean): Fetch {
  const [, name = '', source = name, format, optional] = /^(\w+)(?:=([^:?]+))?(?::(\w+))?(\?)?$/.exec(text) ?? [];
  const value = valueAt(source, params, returns, thin, format);
  return { name, value, format: format ?? formatOf(value.type), needed: optional === undefined };
}

function valueAt(source: string, params: readonly Param[], returns: string, thin: boolean, format = ''): Value {
  if (source === '$retval') {
    assert(returns !== 'void', 'a void function returns nothing');
    return { kind: 'retval', type: returns };
  }
  const [, offset, inner = ''] = /^([+-]\d+)\((.+)\)$/.exec(source) ?? [];
  if (offset !== undefined) {
    // What is read through is a pointer.
    return { kind: 'bytes', type: format, of: valueAt(inner, params, returns, thin, 'x64'), offset: Number(offset) };
  }
  const [first = '', ...paths] = source.split('->');
  const index = params.findIndex((one) => one.name === first);
  const named = params[index];
  assert(named !== undefined, `no argument is named ${first}`);
  return paths.reduce<Value>((of, path) => memberOf(of, path, thin), {
    kind: 'param',
    type: named.type,
    name: first,
    index,
  });
}

function memberOf(of: Value, path: string, thin: boolean): Value {
  const [, struct = ''] = /^(?:struct )(\w+) \*$/.exec(of.type) ?? [];
  const member = structs[struct]?.[path];
  assert(member !== undefined, `no member ${path} of ${of.type} is known`);
  const offset = (thin ? member.thin : undefined) ?? member.offset;
  return { kind: 'member', type: member.type, of, path, offset };
}

function formatOf(type: string): string {
  if (type.endsWith('*') || /^(u64|size_t|unsigned long|phys_addr_t)$/.test(type)) return 'x64';
  if (type === 'bool' || type === 'u8') return 'u8';
  return type === 'int' || type === 's32' ? 's32' : 'u32';
}
