// The command line as data: what completion, the manual page and the configuration file's schema are made of.

/** file: a path. rule: ids, comma-separated where it repeats. choice: one of `choices`. */
export type ValueKind = 'file' | 'rule' | 'choice' | 'number' | 'text';

export interface ValueShape {
  /** As `--help` calls it. */
  readonly name: string;
  readonly kind: ValueKind;
  /** What it can be, where that is known. */
  readonly choices: readonly string[];
  readonly isRequired: boolean;
  readonly repeats: boolean;
}

export interface OptionShape {
  /** Without its dashes. */
  readonly name: string;
  /** One character; empty where it has none. */
  readonly short: string;
  readonly description: string;
  /** In words; empty where it has none. */
  readonly defaultText: string;
  /** undefined: a flag. */
  readonly value: ValueShape | undefined;
}

export interface ArgumentShape extends ValueShape {
  readonly description: string;
}

export interface CommandShape {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly ArgumentShape[];
  readonly options: readonly OptionShape[];
  /** What `--help` says behind the options. */
  readonly more: string;
}

export interface ProgramShape extends CommandShape {
  readonly version: string;
  readonly commands: readonly CommandShape[];
}
