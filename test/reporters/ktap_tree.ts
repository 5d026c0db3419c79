// A strict reader of KTAP: lines as the expressions of the kernel's kunit_parser.py take them, and nothing else.

export interface KtapTest {
  readonly name: string;
  readonly status: 'ok' | 'not ok' | 'skip';
  readonly why: string;
  readonly notes: readonly string[];
  readonly subtests: readonly KtapTest[];
}

/** What begins or ends the part of a log that kunit.py reads, wherever it stands in a line. */
const EXTRACT = /TAP version \d+|List of all partitions:|Kernel panic - not syncing: VFS:|reboot: System halted/;

/** Throws where the text is not what kunit.py parse reads without complaint. */
export function ktapTree(text: string): readonly KtapTest[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line does not end');
  let at = 0;
  const expectLine = (expected: RegExp): RegExpExecArray => {
    const found = expected.exec(lines[at] ?? '');
    if (found === null) throw new Error(`line ${at + 1}: ${lines[at]}: expected ${expected}`);
    at++;
    return found;
  };
  const plan = (indent: string, subtest: string | undefined): { tests: KtapTest[]; name: string | undefined } => {
    expectLine(new RegExp(`^${indent}KTAP version 1$`));
    const name = subtest === undefined ? undefined : expectLine(new RegExp(`^${indent}# Subtest: (.+)$`))[1];
    const count = Number(expectLine(new RegExp(`^${indent}1\\.\\.([0-9]+)$`))[1]);
    const tests: KtapTest[] = [];
    for (let i = 1; i <= count; i++) tests.push(test(indent, i));
    return { tests, name };
  };
  const test = (indent: string, number: number): KtapTest => {
    const nested = (lines[at] ?? '') === `${indent}  KTAP version 1` ? plan(`${indent}  `, 'named') : undefined;
    if (nested !== undefined && nested.tests.length === 0) throw new Error(`line ${at}: no tests run`);
    const notes: string[] = [];
    while (lines[at]?.startsWith(`${indent}# `)) {
      const note = expectLine(new RegExp(`^${indent}# (?!Subtest: )(.*)$`))[1] ?? '';
      if (EXTRACT.test(note)) throw new Error(`line ${at}: ${note}`);
      notes.push(note);
    }
    const [line, ok = '', count, name = '', directive = ''] = expectLine(
      new RegExp(`^${indent}(ok|not ok) ([0-9]+) ([^#]*?)( # SKIP .*)?$`),
    );
    if (Number(count) !== number) throw new Error(`line ${at}: expected number ${number}`);
    if (EXTRACT.test(line)) throw new Error(`line ${at}: ${line}`);
    if (nested !== undefined && nested.name !== name) throw new Error(`line ${at}: expected the name ${nested.name}`);
    const failed = nested?.tests.some(({ status }) => status === 'not ok') === true;
    if (failed && ok === 'ok') throw new Error(`line ${at}: a subtest failed`);
    const status = directive === '' ? (ok as 'ok' | 'not ok') : 'skip';
    return { name, status, why: directive.replace(' # SKIP ', ''), notes, subtests: nested?.tests ?? [] };
  };
  const { tests } = plan('', undefined);
  if (at !== lines.length) throw new Error(`line ${at + 1}: more than was planned`);
  return tests;
}
