// `check -j`: traces checked by several threads, and what each gives put in the order of the arguments.
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { UserError } from '../base/user_error.ts';
import type { Finding } from '../findings/finding.ts';
import type { UnreadTrace } from '../reporters/checked_trace.ts';
import type { TraceResult } from '../reporters/trace_result.ts';
import type { CheckOptions } from './check.ts';
import type { TextLook } from './check_text.ts';
import { nameOf, type Trace } from './traces.ts';

/** What a thread is given when it starts. */
export interface ThreadData {
  readonly options: CheckOptions;
  /** The texts that are wanted of each trace. */
  readonly looks: readonly TextLook[];
}

/** A trace to check; then, of what was found in it, what is to be shown. */
export type Request =
  | { readonly kind: 'check'; readonly trace: Trace }
  | { readonly kind: 'print'; readonly shown: readonly number[] };

export type Answer =
  | { readonly kind: 'checked'; readonly result: TraceResult }
  | { readonly kind: 'unread'; readonly message: string }
  | { readonly kind: 'printed'; readonly texts: readonly string[] };

export interface Threads extends ThreadData {
  readonly threads: number;
  /** An input that cannot be read does not end the run. */
  readonly goesOn: boolean;
  /** Asked in the order of the traces, and of their findings. */
  readonly isShown: (finding: Finding) => boolean;
  /** The module that the threads run. */
  readonly module?: string;
}

export interface CheckedByThreads {
  readonly traces: readonly TraceResult[];
  readonly unread: readonly UnreadTrace[];
  /** By look, then by trace. */
  readonly printed: readonly (readonly string[])[];
}

/** Rejects with the first error in the order of the traces. What a thread dies of is an error of its trace, and ends nothing. */
export async function checkByThreads(asked: readonly Trace[], threads: Threads): Promise<CheckedByThreads> {
  const crew = new Crew(asked, threads);
  try {
    const size = Math.min(threads.threads, asked.length);
    await Promise.all(Array.from({ length: size }, () => crew.work()));
  } finally {
    await crew.end();
  }
  const { traces, unread, texts } = crew;
  return {
    traces: inOrder(traces),
    unread: inOrder(unread),
    printed: threads.looks.map((_, look) => inOrder(texts).flatMap((own) => own[look] ?? [])),
  };
}

function inOrder<T>(byTrace: ReadonlyMap<number, T>): T[] {
  return [...byTrace].sort(([a], [b]) => a - b).map(([, one]) => one);
}

class Crew {
  readonly traces = new Map<number, TraceResult>();
  readonly unread = new Map<number, UnreadTrace>();
  readonly texts = new Map<number, readonly string[]>();
  readonly #asked: readonly Trace[];
  readonly #threads: Threads;
  readonly #running = new Set<Thread>();
  #next = 0;
  /** Resolved when the trace that was taken last has had its turn. */
  #turn: Promise<void> = Promise.resolve();

  constructor(asked: readonly Trace[], threads: Threads) {
    this.#asked = asked;
    this.#threads = threads;
  }

  /** A thread takes one trace after another; where it dies, the next one gets a new thread. */
  async work(): Promise<void> {
    let thread: Thread | undefined;
    for (let i = this.#next++; i < this.#asked.length; i = this.#next++) {
      if (thread?.died !== undefined) thread = undefined;
      thread ??= this.#start();
      await this.#check(thread, i);
    }
  }

  async #check(thread: Thread, i: number): Promise<void> {
    const before = this.#turn;
    let done = () => {};
    this.#turn = new Promise((resolve) => {
      done = resolve;
    });
    const answer = await thread.ask({ kind: 'check', trace: this.#asked[i] ?? [] });
    await before;
    const checked = this.#take(answer, i);
    const shown = checked?.findings.flatMap((finding, at) => (this.#threads.isShown(finding) ? [at] : []));
    done();
    if (checked === undefined || shown === undefined) return;
    const printed = await thread.ask({ kind: 'print', shown });
    if (printed.kind === 'printed') this.texts.set(i, printed.texts);
    else this.#take(printed, i);
  }

  #take(answer: Answer | Died, i: number): TraceResult | undefined {
    const file = nameOf(this.#asked[i] ?? []);
    if (answer.kind === 'checked') {
      this.traces.set(i, answer.result);
      return answer.result;
    }
    const message =
      answer.kind === 'unread'
        ? answer.message
        : `${file}: its analysis died${answer.kind === 'died' ? `: ${answer.why}` : ''}`;
    if (answer.kind === 'unread' && !this.#threads.goesOn) throw new UserError(message);
    this.traces.delete(i);
    this.unread.set(i, { file, message });
    return undefined;
  }

  #start(): Thread {
    const { options, looks, module = path.join(__dirname, 'check_worker.js') } = this.#threads;
    const data: ThreadData = { options, looks };
    const thread = new Thread(new Worker(module, { workerData: data }));
    this.#running.add(thread);
    return thread;
  }

  async end(): Promise<void> {
    for (const thread of this.#running) await thread.end();
  }
}

interface Died {
  readonly kind: 'died';
  readonly why: string;
}

class Thread {
  died: Died | undefined;
  readonly #worker: Worker;
  #answer: (answer: Answer | Died) => void = () => {};

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#answer(answer));
    worker.on('error', (error) => this.#die(error instanceof Error ? error.message : String(error)));
    worker.on('exit', (code) => this.#die(`its thread ended with ${code}`));
  }

  ask(request: Request): Promise<Answer | Died> {
    if (this.died !== undefined) return Promise.resolve(this.died);
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#worker.postMessage(request);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #die(why: string): void {
    this.died ??= { kind: 'died', why };
    this.#answer(this.died);
  }
}
