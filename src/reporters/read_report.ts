// A JSON report of `check`, or of reports merged before, read back: what was said of its traces.
import type { JsonReader } from '../base/json_reader.ts';
import { type Ptr, parseU64, ptrFromU64, type U64 } from '../base/u64.ts';
import type { RuleDoc } from '../checks/check.ts';
import { SEVERITIES } from '../findings/finding.ts';
import { REPORT } from './check_json.ts';
import { FAIL_ON } from './checked_trace.ts';
import { unprintable } from './escape.ts';
import { SCHEMA } from './table.ts';
import type { FoundInVm, RunResult, TraceResult, VmName } from './trace_result.ts';

const CONFIDENCES = ['certain', 'likely', 'inconclusive'] as const;

/** `rules`: all that there are. Whatever is not as `check` writes it is a UserError that names its path. */
export function readReport(document: JsonReader, rules: readonly RuleDoc[]): RunResult {
  if (document.member('schema').value !== SCHEMA)
    throw document.member('schema').error(`${SCHEMA}, the one that is read`);
  if (document.member('report').value !== REPORT) throw document.error(`a report of \`check --format json\``);
  const ids = document.member('rules').list.map((one) => ruleId(one, rules));
  const findings = document.member('findings').list;
  let taken = 0;
  const traces = document.member('traces').list.map((one) => {
    const count = one.member('findings').count;
    const own = findings.slice(taken, taken + count);
    taken += count;
    return traceOf(one, own, rules);
  });
  if (taken !== findings.length)
    throw document.member('findings').error(`a list of ${taken}, as its traces count them`);
  return {
    traces,
    unread: document.member('unread').list.map((one) => ({
      file: one.member('file').text,
      message: one.member('message').text,
    })),
    rules: rules.filter(({ id }) => ids.includes(id)),
    failOn: document.member('fail_on').oneOf(FAIL_ON),
    version: document
      .member('versions')
      .list.map(({ text }) => text)
      .join(', '),
  };
}

function traceOf(trace: JsonReader, findings: readonly JsonReader[], rules: readonly RuleDoc[]): TraceResult {
  const texts = (name: string) => trace.member(name).list.map(({ text }) => text);
  const { jobs, losses, kernel, diagnostics } = trace.object;
  return {
    file: trace.member('file').text,
    stats: {
      lines: trace.member('lines').count,
      events: trace.member('events').count,
      lost: trace.member('lost').count,
    },
    kernel: trace.member('kernel').member('name').text,
    drivers: texts('drivers'),
    vms: trace.member('vms').list.map(vmOf),
    heard: trace.member('rules').list.map((one) => ruleId(one, rules)),
    findings: findings.map((one) => findingOf(one, rules)),
    known: trace.member('known').count,
    doubts: texts('doubts'),
    more: { jobs, losses, kernel, diagnostics },
  };
}

function findingOf(finding: JsonReader, rules: readonly RuleDoc[]): FoundInVm {
  const text = (name: string) => finding.member(name).text;
  const count = (name: string) => finding.member(name).or((one) => one.count);
  const pointer = (name: string): Ptr => ptrFromU64(finding.member(name).or(address) ?? 0);
  const line = finding.member('line').count;
  return {
    rule: ruleId(finding.member('rule'), rules),
    severity: finding.member('severity').oneOf(SEVERITIES),
    confidence: finding.member('confidence').oneOf(CONFIDENCES),
    file: unprintable(text('file')),
    line,
    order: finding.object['order'] === undefined ? line : finding.member('order').count,
    time: text('time'),
    pid: undefined,
    job: count('job'),
    op: count('op'),
    step: count('step'),
    vm: pointer('vm'),
    addr: finding.member('addr').or(address),
    range: finding.member('range').or(address),
    obj: pointer('obj'),
    resv: pointer('resv'),
    message: unprintable(text('message')),
    fingerprint: text('fingerprint'),
    of: vmOf(finding.member('of')),
    evidence: finding.member('evidence').list.map((one) => ({
      ...one.object,
      line: one.member('line').count,
      text: one.member('text').text,
    })),
  };
}

function vmOf(vm: JsonReader): VmName {
  return { ordinal: vm.member('ordinal').count, name: unprintable(vm.member('name').text) };
}

function address(reader: JsonReader): U64 {
  const value = parseU64(reader.text);
  if (value === undefined) throw reader.error('an address');
  return value;
}

function ruleId(reader: JsonReader, rules: readonly RuleDoc[]): string {
  const rule = rules.find(({ id }) => id === reader.text);
  if (rule === undefined) throw reader.error('a rule of this version');
  return rule.id;
}
