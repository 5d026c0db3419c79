// The words of the command line, taken from the commander program: what completions and the manual page are made of.
import type { Argument, Command, Option } from 'commander';
import { rules } from '../index.ts';

export interface OptionWords {
  /** `--long` and `-s`, as far as it has them. */
  readonly names: readonly string[];
  /** What stands for its value; undefined where it takes none. */
  readonly value: string | undefined;
  readonly isValueOptional: boolean;
  /** Empty where any value will do. */
  readonly choices: readonly string[];
  readonly isRepeatable: boolean;
  readonly description: string;
}

export interface CommandWords {
  readonly name: string;
  readonly usage: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  /** Those of its arguments; empty where they are files. */
  readonly choices: readonly string[];
  readonly takesFiles: boolean;
  /** What its help says behind the options: examples, explanations, exit codes. */
  readonly after: string;
}

/** Choices that commander does not know, by what stands for the value. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  rule: rules.map(({ id }) => id),
  rules: rules.map(({ id }) => id),
};
/** Arguments that are files. */
const FILES = ['trace', 'before', 'after', 'file', 'report', 'command'];

/** A line each of the whole program and of its subcommands, in its order. */
export function wordsOf(program: Command): readonly CommandWords[] {
  return program.commands.map(commandWords);
}

export function commandWords(command: Command): CommandWords {
  const args = command.registeredArguments;
  return {
    name: command.name(),
    usage: command.usage(),
    description: command.description(),
    options: [...command.options, HELP].map(optionWords),
    choices: args.flatMap(choicesOf),
    takesFiles: args.some((arg) => FILES.includes(arg.name())),
    after: afterHelp(command),
  };
}

const HELP = { long: '--help', short: '-h', flags: '-h, --help', description: 'display help for command' };

function optionWords(option: Option | typeof HELP): OptionWords {
  const { long, short, flags, description } = option;
  const value = /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1];
  return {
    names: [long, short].filter((name) => typeof name === 'string'),
    value,
    isValueOptional: flags.includes('['),
    choices: ('argChoices' in option ? option.argChoices : undefined) ?? CHOICES[value ?? ''] ?? [],
    isRepeatable: description.includes('(repeatable)'),
    description,
  };
}

function choicesOf(argument: Argument): readonly string[] {
  return argument.argChoices ?? CHOICES[argument.name()] ?? [];
}

function afterHelp(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text.slice(command.helpInformation().length).trim();
}
