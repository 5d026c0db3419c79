// Patches that are damaged, hostile or odd: read as far as that is safe, else refused with the line that is wrong.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/user_error.ts';
import { type PatchEffects, readPatches } from '../../src/patch/index.ts';
import { FIXTURES } from '../support/run.ts';

const NAMES = [
  'exec-lock-v3.txt',
  'unmap-range.patch',
  'unmap-range-crlf.patch',
  'unmap-range-qp.patch',
  'map-req.patch',
  'madvise.patch',
  'immediate-mode.patch',
  'driver-only.patch',
  'series.mbox',
];
const TEXTS = new Map(NAMES.map((name) => [name, readFileSync(path.join(FIXTURES, 'patches', name), 'latin1')]));

function textOf(name: string): string {
  return TEXTS.get(name) ?? '';
}

function read(text: string): PatchEffects {
  return readPatches([{ name: 'p', text }]);
}

function failure(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return '';
}

/** A patch of one file and one hunk with these lines, under a head that counts `old` and `now`. */
function hunk(lines: readonly string[], old: number, now: number, section = 'f(void)'): string {
  return ['--- a/drivers/x.c', '+++ b/drivers/x.c', `@@ -1,${old} +1,${now} @@ ${section}`, ...lines, ''].join('\n');
}

describe('what is refused, with the line', () => {
  it.each([
    ['a hunk of no file', '\n@@ -1 +1 @@\n-a\n+b\n', 'p: line 2: a hunk of no file: its --- and +++ lines are missing'],
    ['an end within a hunk', hunk([' a', '-b'], 3, 2), 'p: line 5: the patch ends within the hunk of line 3'],
    ['an end of the file', hunk([' a', '-b'], 4, 3).trimEnd(), 'p: line 5: the patch ends within the hunk of line 3'],
    [
      'a line of no kind',
      hunk([' a', '*b', '+c'], 1, 3),
      'p: line 5: no line of a hunk, but the hunk of line 3 should go on',
    ],
    [
      'more lines than counted',
      hunk([' a', '+b', '+c'], 1, 2),
      'p: line 6: the hunk of line 3 has another number of lines than its head says',
    ],
    [
      'a head that is none',
      '--- a/x.c\n+++ b/x.c\n@@ -1,x +1 @@\n',
      'p: line 3: not the head of a hunk: expected @@ -from,count +from,count @@',
    ],
    [
      'a combined diff',
      'diff --cc x.c\n--- a/x.c\n+++ b/x.c\n@@@ -1,1 -1,1 +1,1 @@@\n',
      'p: line 4: a merge’s combined diff, which is not understood: expected @@ -from,count +from,count @@',
    ],
    ['broken base64', 'Subject: x\nContent-Transfer-Encoding: base64\n\n!!!!\n', 'p: line 4: damaged base64'],
    ['no diff', 'hello\n', 'p: no diff in it; expected a unified diff, a git format-patch mail or a mailbox'],
    ['nothing', '', 'p: no diff in it; expected a unified diff, a git format-patch mail or a mailbox'],
  ])('%s', (_, text, message) => expect(failure(text)).toBe(message));

  it('too large a file', () => {
    expect(failure('x'.repeat(128 * 2 ** 20 + 1))).toBe('p: more than 128 MiB: not a patch');
  });
});

describe('what is read', () => {
  const call = (args: string) => `\tret = drm_exec_lock_obj(${args});`;

  it('a blank context line that lost its blank', () => {
    const text = hunk([' {', '', `-${call('exec, a')}`, `+${call('exec, b')}`], 3, 3);
    expect(read(text).callChanges[0]?.args).toEqual([{ index: 1, name: 'obj', before: 'a', after: 'b' }]);
  });

  it('a file without a line feed at its end', () => {
    const mark = '\\ No newline at end of file';
    const text = hunk([`-${call('exec, a')}`, mark, `+${call('exec, b')}`, mark], 1, 1);
    expect(read(text).callChanges).toHaveLength(1);
  });

  it('calls over several lines, with calls within', () => {
    const text = hunk(
      ['-\tx = drm_exec_lock_obj(exec,', '-\t\tobj(a, (b)));', '+\tx = drm_exec_lock_obj(exec,', '+\t\tobj(a, (c)));'],
      2,
      2,
    );
    expect(read(text).callChanges[0]?.args).toEqual([
      { index: 1, name: 'obj', before: 'obj(a, (b))', after: 'obj(a, (c))' },
    ]);
  });

  it('a call that is only indented anew is no change', () => {
    const text = hunk([`-${call('exec, a')}`, `+\t${call('exec, a')}`], 1, 1);
    expect([read(text).callChanges, read(text).callEdits]).toEqual([[], []]);
  });

  it('a diff without sections: the function is not known', () => {
    const text = hunk([`-${call('exec, a')}`, `+${call('exec, b')}`], 1, 1, '').replace('@@ \n', '@@\n');
    const effects = read(text);
    expect(effects.callChanges).toMatchObject([{ inFunction: undefined }]);
    expect(effects.touchedFunctions).toEqual([]);
  });

  it('base64 and multipart, with the lines of the file', () => {
    const diff = hunk([`-${call('exec, a')}`, `+${call('exec, b')}`], 1, 1);
    const encoded = Buffer.from(diff, 'latin1').toString('base64').replace(/.{20}/g, '$&\n');
    const part = (type: string, encoding: string, body: string) =>
      `--B\nContent-Type: ${type}\nContent-Transfer-Encoding: ${encoding}\n\n${body}\n`;
    const mail = `Subject: [PATCH v2 1/1] drm: x\nContent-Type: multipart/mixed; boundary="B"\n\nintro\n${part('text/plain', '7bit', 'hello')}${part('text/x-patch', 'base64', encoded)}--B--\n`;
    const effects = read(mail);
    expect(effects.patches).toMatchObject([{ subject: 'drm: x', files: ['drivers/x.c'] }]);
    const first = mail.split('\n').indexOf(encoded.split('\n')[0] ?? '') + 1;
    const line = effects.callChanges[0]?.at.line ?? 0;
    expect(line).toBeGreaterThan(first + 2);
    expect(line).toBeLessThan(first + encoded.split('\n').length);
  });

  it('new and deleted files, renames, binary files and other languages', () => {
    const text = [
      'diff --git a/logo.png b/logo.png',
      'new file mode 100644',
      'Binary files /dev/null and b/logo.png differ',
      'diff --git a/Documentation/x.rst b/Documentation/y.rst',
      'similarity index 100%',
      'rename from Documentation/x.rst',
      'rename to Documentation/y.rst',
      'diff --git a/drivers/gpu/drm/xe/gone.c b/drivers/gpu/drm/xe/gone.c',
      'deleted file mode 100644',
      '--- a/drivers/gpu/drm/xe/gone.c',
      '+++ /dev/null',
      '@@ -1,4 +0,0 @@',
      '-int xe_vm_bind_ioctl(struct drm_device *dev)',
      '-{',
      '-\treturn 0;',
      '-}',
      '',
    ].join('\n');
    const effects = read(text);
    expect(effects.patches[0]?.files).toEqual(['logo.png', 'Documentation/y.rst', 'drivers/gpu/drm/xe/gone.c']);
    expect(effects.functionsRemoved).toMatchObject([{ name: 'xe_vm_bind_ioctl', modelled: true }]);
  });
});

/** Some lines taken out, doubled, cut, swapped, or overwritten. */
const mutation = fc.record({
  name: fc.constantFrom(...NAMES),
  edits: fc.array(
    fc.record({
      at: fc.nat(400),
      how: fc.constantFrom('drop', 'double', 'cut', 'junk', 'unblank', 'plus', 'minus'),
      junk: fc.string({ unit: 'binary', maxLength: 40 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

function mutate({
  name,
  edits,
}: {
  name: string;
  edits: readonly { at: number; how: string; junk: string }[];
}): string {
  const lines = textOf(name).split('\n');
  for (const { at, how, junk } of edits) {
    const index = at % lines.length;
    const line = lines[index] ?? '';
    if (how === 'drop') lines.splice(index, 1);
    else if (how === 'double') lines.splice(index, 0, line);
    else if (how === 'cut') lines[index] = line.slice(0, junk.length);
    else if (how === 'junk') lines[index] = junk;
    else if (how === 'unblank') lines[index] = line.trimStart();
    else lines[index] = `${how === 'plus' ? '+' : '-'}${line}`;
  }
  return lines.join('\n');
}

describe('mutated patches', () => {
  it('are read or refused, with a line of the file in each case', () => {
    fc.assert(
      fc.property(mutation, (how) => {
        const text = mutate(how);
        const last = text.split('\n').length;
        const message = failure(text);
        const line = /^p: line (\d+): /.exec(message)?.[1];
        if (message !== '') {
          expect(line !== undefined || message.startsWith('p: no diff in it')).toBe(true);
          if (line !== undefined) expect(Number(line)).toBeLessThanOrEqual(last);
          return;
        }
        const effects = read(text);
        for (const list of [
          effects.callChanges,
          effects.functionsAdded,
          effects.touchedFunctions,
          effects.capabilities,
        ])
          for (const { at } of list) expect(at.line > 0 && at.line <= last).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('a line that does not belong is named', () => {
    const text = textOf('unmap-range.patch').split('\n');
    const body = text.flatMap((line, at) => (/^[ +-]\t/.test(line) ? [at] : []));
    fc.assert(
      fc.property(fc.constantFrom(...body), fc.constantFrom('*', '#', '~', 'x'), (at, mark) => {
        // Ahead of a whole hunk's last line, no mail program would have put this there.
        const wrong = [...text.slice(0, at), `${mark}${mark}`, ...text.slice(at)].join('\n');
        expect(failure(wrong)).toBe(`p: line ${at + 1}: no line of a hunk, but the hunk of line 18 should go on`);
      }),
    );
  });

  it('any bytes are read or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (junk) => {
        const lines = junk.split('\n').map((line) => `+${line}`);
        const text = hunk(lines, 0, lines.length).replace('-1,0', '-0,0');
        expect(failure(text)).toMatch(/^$|^p: line \d+: /);
        expect(failure(junk)).toMatch(/^$|^p: /);
      }),
      { numRuns: 500 },
    );
  });
});

describe('hostile patches take no more time than their size calls for', () => {
  const big = 200_000;

  it.each([
    ['brackets that open', '('.repeat(big)],
    ['brackets that close', ')'.repeat(big)],
    ['calls within calls', 'drm_exec_lock_obj('.repeat(20_000) + ')'.repeat(20_000)],
    ['braces', '{'.repeat(big)],
    ['one string', `"${'\\"'.repeat(big)}`],
    ['one name', 'a'.repeat(big)],
    ['commas', `drm_exec_lock_obj(${','.repeat(big)})`],
    ['comments', '/*'.repeat(big)],
    ['stars', `int f(int ${'*'.repeat(big)}p) {`],
  ])('%s', (_, line) => {
    expect(failure(hunk([`+${line}`], 0, 1))).toBe('');
    const lines = new Array<string>(1000).fill(`+${line.slice(0, 200)}`);
    expect(failure(hunk(lines, 0, 1000))).toBe('');
  });

  it('a hunk that claims to be huge', () => {
    expect(failure(hunk([' a'], 999999999, 999999999))).toContain('the patch ends within');
  });

  it('many hunks, many mails, many headers', () => {
    const one = hunk(['-a', '+b'], 1, 1);
    expect(read(one.repeat(20_000)).patches[0]?.files).toEqual(['drivers/x.c']);
    const mail = `From 0 Mon Sep 17 00:00:00 2001\nSubject: x\n\n${one}\n`;
    expect(read(mail.repeat(5_000)).patches).toHaveLength(5_000);
    expect(failure(`${'X-Header: y\n'.repeat(big)}Subject: x\n\n${one}`)).toBe('');
  });
});
