// A thread that runs commands of the built program one after the other: most of what a process of its own takes is its start.
import path from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';

/** No command of a test takes as many milliseconds. */
const PATIENCE = 100_000;
const BODY = path.join(import.meta.dirname, 'command_thread_body.mjs');

/** What the thread tells of a command. */
export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export class CommandThread {
  /** 1 as soon as the answer lies in the port. */
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  readonly #port: MessagePort;

  constructor(env: NodeJS.ProcessEnv) {
    const { port1, port2 } = new MessageChannel();
    const workerData = { port: port2, answered: this.#answered };
    new Worker(BODY, { workerData, transferList: [port2], env, execArgv: [] }).unref();
    this.#port = port1;
  }

  /** Waits until the command is over. */
  run(args: readonly string[], cwd: string): Answer {
    const here = process.cwd();
    process.chdir(cwd); // which is the thread's, too
    try {
      Atomics.store(this.#answered, 0, 0);
      this.#port.postMessage(args);
      Atomics.wait(this.#answered, 0, 0, PATIENCE);
    } finally {
      process.chdir(here);
    }
    const answer = receiveMessageOnPort(this.#port);
    if (answer === undefined) throw new Error(`it never ended: ${args.join(' ')}`);
    return answer.message;
  }
}
