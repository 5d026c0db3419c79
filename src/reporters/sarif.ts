// SARIF 2.1.0: one run over all traces; what code scanning services and editors read.
import type { RuleDoc } from '../checks/check.ts';
import type { Finding } from '../findings/finding.ts';
import type { UnreadTrace } from './checked_trace.ts';
import { findingColumns } from './columns.ts';
import { json, printable, printablePath } from './escape.ts';
import { toObject } from './table.ts';
import type { RunResult, TraceResult } from './trace_result.ts';

type Json = Readonly<Record<string, unknown>>;

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json';

export function sarif({ traces, unread, rules, version }: RunResult): string {
  const run = {
    tool: {
      driver: { name: 'gpuvm-trace', version, rules: rules.map(ruleOf), notifications: NOTIFICATIONS },
    },
    invocations: [...traces.map(invocationOf), ...unread.map(failedInvocation)],
    results: traces.flatMap((trace) => resultsOf(trace, rules)),
  };
  return `${json({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, 2)}\n`;
}

function ruleOf({ id, severity, summary, meaning, why, kernel, example, advice }: RuleDoc): Json {
  const parts = { 'Why it matters': why, 'In the kernel': kernel, Example: example, 'What a driver should do': advice };
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: meaning },
    help: { text: [meaning, ...Object.entries(parts).map(([title, text]) => `${title}: ${text}`)].join('\n\n') },
    defaultConfiguration: { level: severity },
  };
}

const NOTIFICATIONS = [
  {
    id: 'inconclusive',
    shortDescription: { text: 'something is missing in the trace: the verdict is not a whole one' },
  },
  { id: 'unreadable', shortDescription: { text: 'the input could not be read: nothing is said of it' } },
];

/** One a trace. */
function invocationOf({ file, stats, doubts }: TraceResult): Json {
  return {
    executionSuccessful: true,
    toolExecutionNotifications: doubts.map((text) => notification('inconclusive', 'warning', file, printable(text))),
    properties: { file: printablePath(file), lines: stats.lines, events: stats.events, lost: stats.lost },
  };
}

function failedInvocation({ file, message }: UnreadTrace): Json {
  return {
    executionSuccessful: false,
    toolExecutionNotifications: [notification('unreadable', 'error', file, printablePath(message))],
  };
}

function notification(id: string, level: 'warning' | 'error', file: string, text: string): Json {
  return { descriptor: { id }, level, message: { text }, locations: [{ physicalLocation: physical(file, 0) }] };
}

function resultsOf({ findings }: TraceResult, rules: readonly RuleDoc[]): Json[] {
  return findings.map((finding) => {
    const { rule, file, line, order, fingerprint, evidence } = finding;
    const text = printable(finding.message);
    const place = { physicalLocation: physical(file, line), logicalLocations: logical(finding, finding.of.ordinal) };
    return {
      ruleId: rule,
      ruleIndex: rules.findIndex(({ id }) => id === rule),
      ...verdictOf(finding),
      message: { text },
      locations: [place],
      ...(evidence.length === 0 ? {} : withEvidence(finding, { ...place, message: { text } }, order)),
      partialFingerprints: { 'gpuvmTrace/v1': fingerprint },
      properties: propertiesOf(finding),
    };
  });
}

/** An inconclusive finding is no failure: someone has to look. SARIF gives a level to failures only. */
function verdictOf({ severity, confidence }: Finding): Json {
  return confidence === 'inconclusive' ? { kind: 'review', level: 'none' } : { kind: 'fail', level: severity };
}

/** The evidence in the order of the trace, with the finding among it: how the lock pass led there. */
function withEvidence({ file, evidence }: Finding, found: Json, order: number): Json {
  const places = evidence.map((one) => ({
    order: one.order ?? one.line,
    location: { physicalLocation: physical(one.file ?? file, one.line), message: { text: printable(one.text) } },
  }));
  const flow = [...places, { order, location: found }].sort((a, b) => a.order - b.order);
  return {
    relatedLocations: places.map(({ location }, id) => ({ id, ...location })),
    codeFlows: [{ threadFlows: [{ locations: flow.map(({ location }) => ({ location })) }] }],
  };
}

function physical(file: string, line: number): Json {
  return { artifactLocation: { uri: uriOf(file) }, ...(line > 0 ? { region: { startLine: line } } : {}) };
}

/** A path as a URI: relative ones stay so, for a service to find the file in its repository. */
function uriOf(file: string): string {
  const encoded = printablePath(file)
    .replace(/^(\.\/+)+/, '')
    .split('/')
    .map(encodeURIComponent)
    .join('/');
  return encoded.startsWith('/') ? `file://${encoded}` : encoded;
}

/** VM, job, op and step, each within the one before. */
function logical({ job, op, step }: Finding, vm: number): Json[] {
  const parts = [
    ['vm', vm === 0 ? undefined : vm],
    ['job', job],
    ['op', op],
    ['step', step],
  ] as const;
  const path: string[] = [];
  return parts.flatMap(([kind, number]) => {
    if (number === undefined) return [];
    path.push(`${kind} ${number}`);
    return [{ name: `${kind} ${number}`, fullyQualifiedName: path.join('/'), kind }];
  });
}

const PROPERTIES = ['confidence', 'time', 'vm', 'addr', 'range', 'obj', 'resv'];

function propertiesOf(finding: Finding): Json {
  const columns = findingColumns.filter(({ name }) => PROPERTIES.includes(name));
  return Object.fromEntries(Object.entries(toObject(columns, finding)).filter(([, value]) => value !== null));
}
