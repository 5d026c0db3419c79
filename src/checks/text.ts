// Parts of sentences that several checks use.
import { hex, ptrHex } from '../base/u64.ts';
import type { Fact, Span } from '../replay/fact.ts';

export function spanText(span: Span | undefined): string {
  return span === undefined ? 'an unknown range' : `${hex(span.addr)}+${hex(span.range)}`;
}

export function objText(fact: Fact): string {
  return `object ${ptrHex(fact.obj)} (dma_resv ${fact.resv === 0 ? 'unknown' : ptrHex(fact.resv)})`;
}

export function opText(fact: Fact): string {
  return fact.op === undefined ? '' : `op ${fact.op.index} (${fact.op.kind.toUpperCase()})`;
}

export function stepText(fact: Fact): string {
  return fact.step === undefined ? '' : `${fact.step.type.toUpperCase()} step ${fact.step.index}`;
}
