// Who may import whom, and who may touch the world: src/README.md's table, held against the code.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './support/run.ts';

interface Import {
  readonly file: string;
  /** `src/...` of a file, or a package. */
  readonly to: string;
  readonly typeOnly: boolean;
  /** What is taken of it, where names are listed, called as it is there; types among others are not. */
  readonly names: readonly string[];
}

interface Rule {
  /** Folders and packages; `(type)` behind one: its types only. */
  readonly may: readonly string[];
  readonly because: string;
}

/** What the public interface is made of. */
const PUBLIC = [
  'events',
  'kernels',
  'patch',
  'ftrace',
  'dialects',
  'dumps',
  'drivers',
  'replay',
  'checks',
  'findings',
  'mmu',
  'coverage',
  'diff',
  'whatif',
  'anonymize',
  'reduce',
  'analyze.ts',
] as const;

/** By folder, or by file for those that lie in src itself. */
const RULES: Readonly<Record<string, Rule>> = {
  base: { may: ['sorted-btree'], because: 'exact values and assertions, which everything stands on' },
  events: { may: ['base'], because: 'data that both sides of the replay share' },
  ftrace: {
    may: ['base', 'events', 'zstd', 'csv-parse/sync'],
    because: 'the tracer knows no GPU: formats can be tested without one',
  },
  zstd: { may: [], because: 'bytes in, bytes out' },
  kernels: { may: ['base', 'events'], because: 'names and signatures: data' },
  dialects: {
    may: ['base', 'events', 'kernels'],
    because: 'tables of probes: how a line is spelt is not their business',
  },
  patch: {
    may: ['base', 'events', 'kernels', 'dialects'],
    because: 'text of a patch to what it does to the functions that are probed',
  },

  dumps: { may: ['base', 'events', 'csv-parse/sync'], because: 'formats of files that show a VA space; no trace' },
  gpuvm: { may: ['base'], because: 'a model of kernel code, compared with the kernel alone' },
  mmu: { may: ['base'], because: 'a model of kernel code, compared with the kernel alone' },
  exec: { may: ['base'], because: 'a model of kernel code, compared with the kernel alone' },
  drivers: {
    may: ['base', 'events (type)', 'gpuvm (type)', 'mmu'],
    because: 'what drivers do, as data; how it is followed is for the replay',
  },
  replay: {
    may: ['base', 'events', 'kernels', 'drivers', 'gpuvm', 'mmu', 'exec'],
    because: 'it learns what happened and never judges',
  },
  whatif: {
    may: ['base', 'events (type)', 'gpuvm', 'replay', 'patch (type)'],
    because: 'it asks the models about a job that the replay has followed; it judges no more than counts',
  },
  diff: {
    may: ['base', 'events (type)', 'gpuvm', 'replay', 'coverage', 'findings', 'analyze.ts (type)', 'doubts.ts'],
    because: 'it compares what two replays saw; it judges no trace',
  },
  anonymize: {
    may: ['base', 'events', 'kernels', 'ftrace', 'probe_set.ts'],
    because: 'it reads and writes what the tracer says; what that means is not its business',
  },
  reduce: {
    may: ['base', 'events', 'kernels', 'gpuvm', 'replay', 'checks'],
    because: 'it is a driver of its own, whose doings are replayed and judged as those of a trace',
  },
  coverage: {
    may: ['base', 'gpuvm', 'replay', 'exec (type)', 'findings (type)', 'patch (type)'],
    because: 'it counts what the replay saw; what it means is for others',
  },
  findings: { may: ['base', 'events'], because: 'what a user reads and compares' },
  checks: {
    may: ['base', 'findings (type)', 'events (type)', 'replay (type)', 'gpuvm (type)'],
    because: 'a check hears facts; it never parses, never changes a model',
  },
  reporters: {
    may: [
      'base',
      'findings',
      'kernels',
      'replay',
      'analyze.ts (type)',
      'lost.ts (type)',
      'patch (type)',
      'events (type)',
      'gpuvm (type)',
      'exec (type)',
      'checks (type)',
      'coverage',
      'diff',
      'whatif',
      'reduce',
      'csv-stringify/sync',
    ],
    because: 'report in, text out',
  },
  export: {
    may: [
      'base',
      'reporters',
      'replay',
      'analyze.ts (type)',
      'events (type)',
      'exec (type)',
      'findings (type)',
      'gpuvm (type)',
      'hyparquet-writer (type)',
    ],
    because: 'jobs and reports in, bytes of other programs’ formats out, while the trace is still read',
  },
  page: {
    may: ['reporters (type)'],
    because: 'it runs in a browser, joined into one script: it knows the shape of its data and nothing else',
  },
  io: {
    may: [
      'base',
      'zstd',
      'node:crypto',
      'node:fs',
      'node:os',
      'node:path',
      'node:stream',
      'node:timers/promises',
      'node:zlib',
    ],
    because: 'bytes of files, whatever holds them; not what they mean',
  },
  cli: {
    may: [
      ...PUBLIC,
      'base',
      'io',
      'reporters',
      'probes',
      'export',
      '@duckdb/node-api',
      'commander',
      'chalk',
      'hyparquet-writer',
      'node:os',
      'node:path',
      'node:url',
      'node:util',
      'node:worker_threads',
    ],
    because: 'the shell; of the parts behind the public interface it takes what that gives to everyone',
  },
  probes: { may: ['base', 'events', 'dialects', 'kernels'], because: 'capture definitions from the tables of probes' },
  'probe_set.ts': {
    may: ['base', 'events', 'kernels', 'dialects', 'ftrace', 'replay'],
    because: 'it brings together which probes are understood and which are listened to',
  },
  'judge.ts': {
    may: ['base', 'checks', 'findings', 'replay'],
    because: 'facts in, findings out: how they came to be is not its business',
  },
  'doubts.ts': {
    may: ['base', 'events', 'ftrace', 'replay (type)'],
    because: 'it reads what the others counted',
  },
  'lost.ts': {
    may: ['ftrace (type)', 'replay (type)'],
    because: 'it joins what the tracer lost with the jobs it touches',
  },
  'analyze.ts': {
    may: [
      'base',
      'events',
      'kernels',
      'ftrace',
      'dialects',
      'replay',
      'findings (type)',
      'judge.ts',
      'doubts.ts',
      'lost.ts',
      'probe_set.ts',
    ],
    because: 'the whole pipeline, without a reporter and without I/O',
  },
  'index.ts': {
    may: ['base', ...PUBLIC],
    because: 'the public interface',
  },
};

/** What only some may use, by how it is written. */
const WORLD: readonly { name: string; pattern: RegExp; only: RegExp; because: string }[] = [
  { name: 'console', pattern: /\bconsole\b/, only: /^src\/cli\//, because: 'a library that prints cannot be used' },
  { name: 'process', pattern: /\bprocess\b/, only: /^(src\/cli|bin)\//, because: 'output is a function of input' },
  {
    name: 'Date',
    pattern: /\bnew Date\b|\bDate\.|\bperformance\b/,
    only: /^src\/cli\//,
    because: 'output is a function of input',
  },
  { name: 'Math.random', pattern: /\bMath\.random\b/, only: /^$/, because: 'output is a function of input' },
  { name: 'globalThis', pattern: /\bglobalThis\b/, only: /^$/, because: 'nothing is passed behind the back' },
];

function filesIn(dir: string): string[] {
  return readdirSync(path.join(ROOT, dir), { withFileTypes: true }).flatMap((entry) => {
    const name = path.posix.join(dir, entry.name);
    if (entry.isDirectory()) return filesIn(name);
    return name.endsWith('.ts') ? [name] : [];
  });
}

const sources = filesIn('src');
const texts = new Map(
  [...sources, ...filesIn('bin')].map((file) => [file, readFileSync(path.join(ROOT, file), 'utf8')]),
);

function importsOf(file: string): Import[] {
  const text = texts.get(file) ?? '';
  const found = text.matchAll(/^(?:import|export)\b([^;'"]*?)\bfrom '([^']+)'|^import '([^']+)'/gm);
  const atStart = [...found].map(([, clause = '', from = '', bare = '']) => {
    const names = /\{([^}]*)\}\s*$/
      .exec(clause)?.[1]
      ?.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const typeOnly = /^\s*type\b/.test(clause) || (names?.every((name) => name.startsWith('type ')) ?? false);
    return { file, to: placeOf(file, from || bare), typeOnly, names: namesOf(names ?? [], typeOnly) };
  });
  const later = [...text.matchAll(/(?:\{([^{}]*)\} = )?\(?(?:await import|\brequire)\('([^']+)'\)(?:\)\.(\w+))?/g)].map(
    ([, names = '', from = '', name = '']) => ({
      file,
      to: placeOf(file, from),
      typeOnly: false,
      names: [...names.split(','), name].map((one) => one.trim()).filter((one) => one !== ''),
    }),
  );
  return [...atStart, ...later];
}

function placeOf(file: string, to: string): string {
  return to.startsWith('.') ? path.posix.join(path.posix.dirname(file), to) : to;
}

function namesOf(names: readonly string[], typeOnly: boolean): string[] {
  const taken = typeOnly ? names : names.filter((name) => !name.startsWith('type '));
  return taken.map((name) => name.replace(/^type /, '').replace(/ as .*/, ''));
}

const imports = sources.flatMap(importsOf);

/** The folder of a file below src, or the file itself where it lies in src; other names as they are. */
function partOf(name: string): string {
  const [src, part = ''] = name.split('/');
  return src === 'src' ? part : name;
}

it('every import is one of a file that exists; at run time only the command line and io import, others load packages', () => {
  const lost = imports.filter(({ to }) => to.startsWith('src/') && !texts.has(to));
  expect(lost.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
  const whereText = (pattern: RegExp) => sources.filter((file) => pattern.test(texts.get(file) ?? ''));
  expect(whereText(/(?<!typeof )\bimport\(/).filter((file) => !/^src\/(cli|io)\//.test(file))).toEqual([]);
  expect(whereText(/\brequire\('\./)).toEqual([]);
});

describe('who may import whom', () => {
  const parts = [...new Set(sources.map(partOf))];

  it.each(parts)('%s', (part) => {
    const rule = RULES[part];
    expect(rule, `${part} needs a line in this table and in src/README.md`).toBeDefined();
    const wrong = imports.filter(({ file, to, typeOnly }) => {
      if (partOf(file) !== part || partOf(to) === part) return false;
      const may = rule?.may ?? [];
      return !may.includes(partOf(to)) && !(typeOnly && may.includes(`${partOf(to)} (type)`));
    });
    expect(
      wrong.map(({ file, to }) => `${file} imports ${to}`),
      rule?.because,
    ).toEqual([]);
  });

  it('the page tables of the replay are entered by their index, and call little of the rest', () => {
    const called = new Set(['src/replay/tell.ts', 'src/replay/job_times.ts']);
    const within = (file: string) => file.startsWith('src/replay/tables/');
    const entered = imports.filter(({ file, to }) => !within(file) && within(to) && !to.endsWith('/tables/index.ts'));
    const taken = imports.filter(
      ({ file, to, typeOnly }) =>
        within(file) && !within(to) && partOf(to) === 'replay' && !typeOnly && !called.has(to),
    );
    expect([...entered, ...taken].map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
  });

  it('the command line runs nothing of the parts that the public interface does not give to everyone', () => {
    const parts: ReadonlySet<string> = new Set(PUBLIC.filter((part) => part !== 'mmu')); // it compares page tables itself
    const given = new Set(
      imports.flatMap(({ file, to, names }) =>
        file === 'src/index.ts' ? names.map((name) => `${name} of ${to}`) : [],
      ),
    );
    const taken = imports.filter(
      ({ file, to, typeOnly }) => partOf(file) === 'cli' && parts.has(partOf(to)) && !typeOnly,
    );
    const wrong = taken.flatMap(({ file, to, names }) =>
      names.length === 0
        ? [`${file}: ${to}`]
        : names.map((name) => `${name} of ${to}`).filter((one) => !given.has(one)),
    );
    expect(taken.length).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  it('a check never imports another', () => {
    const shared = /\/(check|text|index)\.ts$/;
    const wrong = imports.filter(
      ({ file, to }) => partOf(file) === 'checks' && partOf(to) === 'checks' && !shared.test(file) && !shared.test(to),
    );
    expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
  });
});

it('no cycles: every file can be read after those that it uses', () => {
  const uses = new Map<string, string[]>();
  for (const { file, to, typeOnly } of imports) if (!typeOnly) uses.set(file, [...(uses.get(file) ?? []), to]);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, above: readonly string[]) => {
    if (above.includes(file)) cycles.push([...above.slice(above.indexOf(file)), file].join(' > '));
    if (done.has(file) || above.includes(file)) return;
    for (const next of uses.get(file) ?? []) visit(next, [...above, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
  expect(cycles).toEqual([]);
});

describe('who may touch the world', () => {
  it.each(WORLD)('$name', ({ pattern, only, because }) => {
    const wrong = [...texts].filter(([file, text]) => !only.test(file) && pattern.test(withoutComments(text)));
    expect(
      wrong.map(([file]) => file),
      because,
    ).toEqual([]);
  });

  it('node: modules are for io, and a few for cli', () => {
    const wrong = imports.filter(({ file, to }) => to.startsWith('node:') && !/^src\/(io|cli)\//.test(file));
    expect(wrong.map(({ file, to }) => `${file} imports ${to}`)).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'/g, "''");
}
