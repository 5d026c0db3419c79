// What is known of the kernel that a trace is of, and from what: what the trace proves goes before what a user says, and
// that before what a version is known for.
import type { KernelProfile, KernelSwitches, SwitchName } from './profile.ts';
import { profileOf } from './profiles.ts';
import type { NamedKernel } from './spelling.ts';
import { switches, switchTitle } from './switches.ts';

/** A set of switches that goes before those given ahead of it: a patch's. */
export interface PatchedSwitches {
  /** `0001-drm-gpuvm.patch` */
  readonly name: string;
  readonly switches: Partial<KernelSwitches>;
}

export interface KernelOptions {
  readonly named?: NamedKernel | undefined;
  readonly patches?: readonly PatchedSwitches[] | undefined;
}

/** For a reader: which kernel, how its switches stand (those that nothing tells are absent), and why. */
export interface KernelReport {
  /** `6.12`, `6.12,keeps-prelocked=off`; `unknown` where no version is known. */
  readonly name: string;
  readonly switches: Partial<KernelSwitches>;
  /** One clause a source, the one that goes before the others last. */
  readonly from: readonly string[];
}

interface Proof {
  readonly value: boolean;
  readonly why: string;
}

export class KernelKnowledge {
  readonly #named: NamedKernel | undefined;
  readonly #patches: readonly PatchedSwitches[];
  #profile: KernelProfile | undefined;
  #from: string | undefined;
  readonly #proofs = new Map<SwitchName, Proof>();
  readonly #relied = new Map<SwitchName, boolean>();

  constructor({ named, patches }: KernelOptions = {}) {
    this.#named = named;
    this.#patches = patches ?? [];
    this.#profile = named?.profile;
    if (named !== undefined) this.#from = `--kernel ${named.text}`;
  }

  /** The trace itself names its kernel; the first to do so counts, unless a user named one. */
  release(release: string, where: string): void {
    if (this.#profile !== undefined) return;
    const profile = profileOf(release);
    if (profile === undefined || profile === 'old') return;
    this.#profile = profile;
    const said = this.#from === undefined ? '' : `${this.#from}; `;
    this.#from = `${said}${release} in ${where}`;
  }

  /** The trace shows how a switch stands. The first proof counts. */
  prove(name: SwitchName, value: boolean, why: string): void {
    if (!this.#proofs.has(name)) this.#proofs.set(name, { value, why });
  }

  /** undefined: nothing tells. */
  get(name: SwitchName): boolean | undefined {
    return this.#proofs.get(name)?.value ?? this.#said(name);
  }

  /** As get(), for a decision that is not taken again when the trace proves otherwise later. */
  rely(name: SwitchName): boolean | undefined {
    const value = this.get(name);
    if (value !== undefined) this.#relied.set(name, value);
    return value;
  }

  /** Where something was decided that the trace proved wrong afterwards, a clause each. */
  get overruled(): readonly string[] {
    return [...this.#proofs].flatMap(([name, { value, why }]) => {
      const relied = this.#relied.get(name);
      if (relied === undefined || relied === value) return [];
      return [`${why}, which makes ${switchTitle(name, value)}, but the kernel is said to be ${this.report().name}`];
    });
  }

  /** What was said of it, by version, patch and user, the last of which counts. */
  #said(name: SwitchName): boolean | undefined {
    const patched = this.#patches.findLast((patch) => patch.switches[name] !== undefined)?.switches[name];
    return this.#named?.set[name] ?? patched ?? this.#profile?.switches[name];
  }

  report(): KernelReport {
    const known = switches.map(({ key }) => [key, this.get(key)] as const).filter(([, value]) => value !== undefined);
    const set = Object.entries(this.#named?.set ?? {}).map(([key, value]) => switchTitle(key as SwitchName, value));
    const proofs = [...this.#proofs].map(([name, { value, why }]) => ({ name, value, why, said: this.#said(name) }));
    const news = proofs.filter(({ value, said }) => said !== value);
    return {
      name: [this.#profile?.name ?? 'unknown', ...set].join(','),
      switches: Object.fromEntries(known) as Partial<KernelSwitches>,
      from: [
        ...(this.#from === undefined ? [] : [this.#from]),
        ...this.#patches.map(({ name }) => `--patch ${name}`),
        ...news.map(({ name, value, why }) => `${switchTitle(name, value)}: ${why}`),
      ],
    };
  }
}
