// A thread of `check -j`: one trace at a time, as data and as the texts that are wanted of it.
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../base/user_error.ts';
import type { CheckedTrace } from '../reporters/checked_trace.ts';
import { traceResult } from '../reporters/trace_result.ts';
import { checkOne } from './check.ts';
import { textOf } from './check_text.ts';
import type { Answer, Request, ThreadData } from './check_threads.ts';

const { options, looks } = workerData as ThreadData;
let trace: CheckedTrace | undefined;

async function answer(request: Request): Promise<Answer> {
  if (request.kind === 'print') return { kind: 'printed', texts: await texts(request.shown) };
  trace = undefined;
  try {
    trace = await checkOne(request.trace, options);
    return { kind: 'checked', result: traceResult(trace) };
  } catch (error) {
    if (error instanceof UserError) return { kind: 'unread', message: error.message };
    throw error;
  }
}

async function texts(shown: readonly number[]): Promise<string[]> {
  if (trace === undefined) return [];
  const findings = shown.flatMap((i) => trace?.findings[i] ?? []);
  const known = trace.findings.length - findings.length;
  const filtered = { ...trace, findings, known };
  return Promise.all(looks.map(async (look) => (await textOf(options, look))(filtered)));
}

parentPort?.on('message', (request: Request) => {
  void answer(request).then((given) => parentPort?.postMessage(given));
});
