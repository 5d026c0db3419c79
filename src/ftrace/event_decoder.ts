// The last step of decoding: from a probe's argument values to the event that its dialect makes of them.
import type { Diagnostic } from '../events/diagnostic.ts';
import type { Args } from '../events/probe.ts';
import type { Where } from '../events/vm_event.ts';
import type { ProbeBinding } from './probe_binding.ts';
import type { EventSink } from './text_decoder.ts';

/** Takes probes with their values, as they come from the trace. */
export interface ProbeSink {
  /** `values` hold until the next probe. */
  probe(binding: ProbeBinding, values: Args, where: Where): void;
  /** As EventSink.loss(). */
  loss(cpu: number, count: number | undefined, line: number): void;
}

export class EventDecoder implements ProbeSink {
  readonly #sink: EventSink;
  readonly #diagnostics: Diagnostic[];

  constructor(sink: EventSink, diagnostics: Diagnostic[]) {
    this.#sink = sink;
    this.#diagnostics = diagnostics;
  }

  probe(binding: ProbeBinding, values: Args, where: Where): void {
    binding.count++;
    const event = binding.decode(values);
    if (event !== undefined) this.#sink.event(event, where);
    else if (binding.count === 1) this.#incomplete(binding, values, where.line);
  }

  loss(cpu: number, count: number | undefined, line: number): void {
    this.#sink.loss(cpu, count, line);
  }

  #incomplete(binding: ProbeBinding, values: Args, line: number): void {
    const { at, args } = binding.spec;
    const lacking = args.filter((_, i) => values.u64(i) === undefined && values.str(i) === undefined);
    if (lacking.length === 0) return;
    const names = lacking.map((arg) => arg.split(/[|:]/)[0]).join(', ');
    const message = `the ${at === 'tracepoint' ? at : `${at} probe of`} ${binding.title} lacks ${names}: it cannot be used`;
    this.#diagnostics.push({ kind: 'incomplete-probe', line, message, count: 1 });
  }
}
