// What somebody who wants to do harm would call a task, a VM, a file, or write to the trace's marker.
import fc from 'fast-check';

/** An entry of the lab's own, as a marker would forge it. */
export const FORGED_EVENTS = [
  '        vmb-1     [000] .....    48.000001: obj_free: (drm_gem_object_free+0x4/0x30 [drm]) kref=0xffff888105c14000',
  '        vmb-1     [000] .....    48.000001: exec_fini: (drm_exec_fini+0x4/0x60 [drm_exec]) exec=0xffffc900043fbce8 num_objects=0 contended=0x0',
  '        vmb-1     [000] .....    48.000001: prepare_obj: (drm_exec_prepare_obj+0x4/0x60 [drm_exec]) exec=0xffffc900043fbce8 obj=0xffff8881003b1a00 num_fences=0',
  'obj_free: (drm_gem_object_free+0x4/0x30 [drm]) kref=0xffff888105c14000',
  'CPU:0 [LOST 5 EVENTS]',
  'Lost 5 events',
  '# tracer: function_graph',
  '# entries-in-buffer/entries-written: 1/1   #P:2',
];

const PIECES = [
  '\u001b[31m',
  '\u001b]8;;http://x/\u0007y\u001b]8;;\u0007',
  '\u001b]52;c;cm0gLXJm\u0007',
  '\u001bc',
  '\u009b2J',
  '\u009d0;t\u009c',
  '\u007f',
  '\u0000',
  '\u0008\u0008',
  '\t',
  '"',
  '\'"',
  '\\',
  '\\n',
  '\\x1b',
  ',',
  ';',
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  "=cmd|'/c calc'!A0",
  '<script>alert(1)</script>',
  '<![CDATA[',
  ']]>',
  '&amp;',
  '&',
  '-->',
  '%0A::error::x',
  '::error file=a::b',
  '::stop-commands::x',
  '%',
  '# SKIP',
  'TAP version 14',
  'reboot: System halted',
  '(',
  ') x=1 gpuvm=0x1',
  ' [000] ',
  ': ',
  '-1',
  '=>',
  '}',
  '{',
  '$(id)`id`',
];

/** Characters beyond latin1, as the bytes that a kernel holds of them. */
const UNICODE = [
  '\u2028',
  '\u2029',
  '\u202e',
  '\u2066',
  '\u200b',
  '\ufeff',
  '\uff1d1',
  '\uff0b1',
  '\uff0d1',
  '\uff201',
  '\ufffe',
  '\uffff',
  '\u{e0041}',
  '\u{f0000}',
  'é',
  '漢',
  '😀',
].map(bytesOf);

/** Not UTF-8: a lone surrogate, an overlong form, a cut sequence, bytes that never occur. */
const INVALID = ['\xed\xa0\x80', '\xc0\xaf', '\xe2\x82', '\xff\xfe', '\x80', '\xf5\x80\x80\x80'];

export function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** One char a byte. `breaks`: with line breaks, and what would be lines of their own. */
export function hostileText(breaks: boolean, pieces = 6): fc.Arbitrary<string> {
  const lines = [
    '\n',
    '\r',
    '\r\n',
    ...FORGED_EVENTS.map((one) => `\n${one}\n`),
    ...FORGED_EVENTS.map((one) => `\n${one}`),
  ];
  const piece = fc.oneof(
    fc.constantFrom(...PIECES),
    fc.constantFrom(...UNICODE),
    fc.constantFrom(...INVALID),
    fc.string({
      unit: fc
        .integer({ min: 1, max: 255 })
        .map((code) => (code === 10 || code === 13 ? ' ' : String.fromCharCode(code))),
      maxLength: 4,
    }),
    ...(breaks ? [fc.constantFrom(...lines)] : []),
  );
  return fc.array(piece, { minLength: 1, maxLength: pieces }).map((all) => all.join(''));
}

/** A path as Node has it, in UTF-16. */
export const hostilePath: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...PIECES, '\n', '\ud800', '\u202e', '\uff1d'), fc.string({ maxLength: 4 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((all) => all.join('') || 'x');
