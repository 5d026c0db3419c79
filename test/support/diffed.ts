// Two traces held in memory, compared.
import { Analysis } from '../../src/analyze.ts';
import { rules } from '../../src/checks/index.ts';
import { type Diff, diffOf } from '../../src/diff/diff.ts';
import { Texts } from '../../src/diff/texts.ts';
import { type TraceDigest, TraceDigester } from '../../src/diff/trace_digest.ts';

export function digestBytes(file: string, bytes: Uint8Array, texts: Texts): TraceDigest {
  const digester = new TraceDigester(texts);
  const analysis = new Analysis({ file, passes: true, onJob: (job, world) => digester.job(job, world) });
  analysis.push(bytes);
  return digester.finish(analysis.finish(), rules);
}

export function diffBytes(before: Uint8Array, after: Uint8Array): Diff {
  const texts = new Texts();
  return diffOf(digestBytes('before', before, texts), digestBytes('after', after, texts), texts);
}
