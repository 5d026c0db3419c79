// Reads the command line's shape from the commander program.
import type { Argument, Command, Option } from 'commander';
import { rules } from '../checks/index.ts';
import type { CommandShape, OptionShape, ProgramShape, ValueKind, ValueShape } from '../reporters/program_shape.ts';
import { integer, positive, seconds } from './options.ts';
import { VERSION } from './version.ts';

export function programShape(program: Command): ProgramShape {
  return { ...commandShape(program), version: VERSION, commands: program.commands.map(commandShape) };
}

function commandShape(command: Command): CommandShape {
  return {
    name: command.name(),
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      ...valueShape(argument, argument.name(), argument.variadic, 'file'),
      isRequired: argument.required,
      description: argument.description,
    })),
    options: command.createHelp().visibleOptions(command).map(optionShape),
    more: moreHelp(command),
  };
}

export function optionShape(option: Option): OptionShape {
  const name = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1];
  const { defaultValue, defaultValueDescription: said } = option;
  return {
    name: option.long?.replace(/^--/, '') ?? '',
    short: option.short?.replace(/^-/, '') ?? '',
    description: option.description,
    defaultText: said ?? (typeof defaultValue === 'string' ? defaultValue : ''),
    value: name === undefined ? undefined : optionValue(option, name),
  };
}

function optionValue(option: Option, name: string): ValueShape {
  const kind = isNumber(option) ? 'number' : /\bfile\b/.test(name) ? 'file' : 'text';
  return {
    ...valueShape(option, name, option.description.includes('(repeatable'), kind),
    isRequired: option.required,
  };
}

function isNumber({ parseArg }: Option): boolean {
  return parseArg === integer || parseArg === positive || parseArg === seconds;
}

type Valued = Pick<Option | Argument, 'argChoices'>;

function valueShape({ argChoices }: Valued, name: string, repeats: boolean, otherwise: ValueKind) {
  if (argChoices !== undefined) return { name, kind: 'choice', choices: argChoices, repeats } as const;
  if (/^rules?$/.test(name)) return { name, kind: 'rule', choices: rules.map(({ id }) => id), repeats } as const;
  return { name, kind: otherwise, choices: [], repeats } as const;
}

/** The examples and notes behind the options. */
function moreHelp(command: Command): string {
  const output: string[] = [];
  const kept = command.configureOutput();
  command.configureOutput({ ...kept, writeOut: (text) => output.push(text) });
  command.outputHelp();
  command.configureOutput(kept);
  return output.slice(1).join('').trim();
}
