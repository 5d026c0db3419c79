// Kernels by version and by switch, and what is known of one from several sources.
import { describe, expect, it } from 'vitest';
import { KernelKnowledge, kernels, parseKernel, profileOf, switches } from '../../src/kernels/index.ts';

function nameOf(release: string): string | undefined {
  const profile = profileOf(release);
  return typeof profile === 'object' ? profile.name : profile;
}

describe('a version stands for the newest profile that is not above it', () => {
  it.each([
    ['6.7', '6.7'],
    ['6.9.12', '6.8'],
    ['6.12', '6.12'],
    ['6.12.116', '6.12'],
    ['6.12.117-amd64', '6.12.117'],
    ['6.12.117+deb12-amd64', '6.12.117'],
    ['6.12.200', '6.12.117'],
    ['6.14', '6.13'],
    ['v6.14.3', '6.13'],
    ['6.16.1-arch1-1', '6.16'],
    ['6.17.0-rc3+', '6.17'],
    ['6.18.35', '6.18.35'],
    ['6.18.34', '6.18'],
    ['6.18.35-lab', '6.18.35'],
    ['6.20', '6.19'],
    ['7.2', '7.1'],
    ['10.0', '7.3'],
  ])('%s as %s', (release, name) => expect(nameOf(release)).toBe(name));

  it.each(['6.6', '5.19.0', '4.4'])('%s is too old', (release) => expect(profileOf(release)).toBe('old'));

  it.each(['', '6', 'six', '6.x', '6.12 .1', '6.12;rm', '6.12.1.2', '-6.12', '6.12abc'])('%j is none', (release) =>
    expect(profileOf(release)).toBeUndefined(),
  );
});

it('the profiles say what each version brought', () => {
  const changes = kernels.slice(1).map(({ name, switches: now }, at) => {
    const before = kernels[at]?.switches;
    const changed = switches.filter(({ key }) => now[key] !== before?.[key]);
    return [name, changed.map((one) => `${one.name}=${now[one.key]}`)];
  });
  expect(Object.fromEntries(changes)).toEqual({
    6.8: ['vm-bo=true'],
    6.12: [],
    '6.12.117': ['keeps-prelocked=false'],
    6.13: ['splits-blocks=false', 'keeps-prelocked=true'],
    6.16: [],
    6.17: ['exec-lock=true'],
    6.18: ['map-req=true', 'madvise-ops=true', 'immediate-mode=true'],
    '6.18.35': ['deferred-vm-bo=true'],
    6.19: [],
    '7.0': ['obtain-locked=true'],
    7.1: ['thin-mutex=true'],
    7.3: ['find-neighbours=false'],
  });
});

describe('--kernel', () => {
  it('takes a version, switches, or both', () => {
    expect(parseKernel('6.12').set).toEqual({});
    const both = parseKernel('6.12,keeps-prelocked=off,exec-lock=on');
    expect(both.profile?.name).toBe('6.12');
    expect(both.set).toEqual({ keepsPrelocked: false, execLock: true });
    expect(parseKernel('splits-blocks=on')).toMatchObject({ profile: undefined, set: { splitsBlocks: true } });
  });

  it.each([
    ['', '"" is no switch of a kernel; expected a version'],
    ['banana', '"banana" is no switch of a kernel; expected a version'],
    ['6.12,keepsPrelocked=off', '"keepsPrelocked=off" is no switch of a kernel; expected a version'],
    ['6.12,exec-lock', '"exec-lock" is neither on nor off; expected a version'],
    ['6.12,exec-lock=maybe', '"exec-lock=maybe" is no switch of a kernel; expected a version'],
    ['exec-lock=on,6.12', '"6.12" is no switch of a kernel; expected a version'],
    ['6.1x', '"6.1x" is no kernel version; expected a version'],
    ['6.6.30', 'kernel "6.6.30" is too old: drm_gpuvm is known from 6.7 on'],
  ])('refuses %j', (text, message) => expect(() => parseKernel(text)).toThrow(message));
});

describe('what is known of a kernel', () => {
  it('is nothing where nothing tells', () => {
    expect(new KernelKnowledge().report()).toEqual({ name: 'unknown', switches: {}, from: [] });
  });

  it('comes from the trace’s own header where no user names a version', () => {
    const kernel = new KernelKnowledge();
    kernel.release('6.12.117-amd64', 'the trace’s header');
    expect(kernel.get('keepsPrelocked')).toBe(false);
    expect(kernel.report()).toMatchObject({ name: '6.12.117', from: ['6.12.117-amd64 in the trace’s header'] });
  });

  it('the user’s version goes before the header’s, whose switches stay', () => {
    const kernel = new KernelKnowledge({ named: parseKernel('6.18') });
    kernel.release('6.12.117-amd64', 'the trace’s header');
    expect(kernel.report()).toMatchObject({ name: '6.18', from: ['--kernel 6.18'] });
    const switched = new KernelKnowledge({ named: parseKernel('exec-lock=on') });
    switched.release('6.12.117-amd64', 'the trace’s header');
    expect(switched.report()).toMatchObject({ name: '6.12.117,exec-lock=on' });
    expect(switched.get('execLock')).toBe(true);
    expect(switched.get('mapReq')).toBe(false);
  });

  it('a release that is none, or too old to have a profile, says nothing', () => {
    const kernel = new KernelKnowledge();
    kernel.release('\x1b[31m', 'the trace’s header');
    kernel.release('5.10.0', 'the trace’s header');
    expect(kernel.report().name).toBe('unknown');
  });

  it('version, patch, single switch, proof: the later of these counts', () => {
    const patches = [
      { name: 'a.patch', switches: { execLock: true, mapReq: true } },
      { name: 'b.patch', switches: { mapReq: false } },
    ];
    const kernel = new KernelKnowledge({ named: parseKernel('6.12,madvise-ops=on'), patches });
    expect([kernel.get('execLock'), kernel.get('mapReq'), kernel.get('madviseOps')]).toEqual([true, false, true]);
    kernel.prove('execLock', false, 'a test says so');
    kernel.prove('execLock', true, 'too late');
    expect(kernel.get('execLock')).toBe(false);
    expect(kernel.report().from).toEqual([
      '--kernel 6.12,madvise-ops=on',
      '--patch a.patch',
      '--patch b.patch',
      'exec-lock=off: a test says so',
    ]);
  });

  it('a proof that overrules what was relied on is told', () => {
    const kernel = new KernelKnowledge({ named: parseKernel('6.12') });
    expect(kernel.rely('immediateMode')).toBe(false);
    kernel.prove('execLock', true, 'seen');
    expect(kernel.overruled).toEqual([]);
    kernel.prove('immediateMode', true, 'seen');
    expect(kernel.overruled).toEqual(['seen, which makes immediate-mode=on, but the kernel is said to be 6.12']);
  });
});
