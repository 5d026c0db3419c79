// `.gpuvm-trace.json`: options of subcommands as defaults.
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { type JsonPath, jsonPathText, lineOfJson } from '../base/json_lines.ts';
import { UserError } from '../base/user_error.ts';
import { besideFile } from '../io/find_upward.ts';
import { readHead } from '../io/text_file.ts';
import type { OptionShape } from '../reporters/program_shape.ts';
import { ALL, isWriter, type JsonType, jsonTypeOf } from './config_schema.ts';
import { optionShape } from './program_shape.ts';

/** Bytes; none of that size was written by hand. */
const LARGEST = 1 << 20;

/** An option that a configuration file sets. */
export interface Setting {
  readonly command: string;
  /** The option's name, without its dashes. */
  readonly option: string;
  readonly value: unknown;
  readonly line: number;
}

export interface ConfigFile {
  readonly file: string;
  /** Those for all subcommands ahead of those for one. */
  readonly settings: readonly Setting[];
}

/** A UserError names what is wrong by file, line and JSON path. */
export function readConfig(file: string, commands: readonly Command[]): ConfigFile {
  return { file, settings: new Reader(file).settings(commands) };
}

/** Gives a subcommand what the file sets and the command line does not. */
export function applyConfig({ file, settings }: ConfigFile, command: Command): void {
  for (const { option: name, value, line, command: from } of settings) {
    const option = command.options.find(({ long }) => long === `--${name}`);
    if (option === undefined || (from !== ALL && from !== command.name())) continue;
    const key = option.attributeName();
    const source = command.getOptionValueSource(key);
    if (source === 'cli' || conflicts(command, option)) continue;
    command.setOptionValueWithSource(key, parsed(option, value, file, line), 'config');
  }
}

/** Has the command line an option that this one cannot stand beside? */
function conflicts(command: Command, option: Option): boolean {
  const has = (key: string) => command.getOptionValueSource(key) === 'cli';
  const names = (one: Option) => one.attributeName();
  return command.options.some(
    (other) => has(names(other)) && (clashes(other, names(option)) || clashes(option, names(other))),
  );
}

function clashes(option: Option, key: string): boolean {
  return 'conflictsWith' in option && Array.isArray(option.conflictsWith) && option.conflictsWith.includes(key);
}

/** As the command line would have it: a list is one option after another. */
function parsed(option: Option, value: unknown, file: string, line: number): unknown {
  const isFile = optionShape(option).value?.kind === 'file';
  const values = (Array.isArray(value) ? value : [value]).map((one) => (isFile ? besideFile(file, String(one)) : one));
  const { parseArg } = option;
  if (parseArg === undefined || option.isBoolean() || value === true) return values[0];
  let result: unknown;
  for (const one of values) {
    try {
      result = parseArg(String(one), result);
    } catch (error) {
      if (error instanceof InvalidArgumentError || error instanceof UserError)
        throw new UserError(`${file}:${line}: ${option.long}: ${error.message}`);
      throw error;
    }
  }
  return result;
}

/** Reads one file and names what is wrong with it by line and path. */
class Reader {
  readonly #file: string;
  readonly #text: string;

  constructor(file: string) {
    this.#file = file;
    this.#text = Buffer.from(readHead(file, LARGEST + 1), 'latin1').toString('utf8');
    if (this.#text.length > LARGEST) throw new UserError(`${file}: larger than ${LARGEST} bytes`);
  }

  settings(commands: readonly Command[]): Setting[] {
    const top = this.#object(this.#json(), []);
    const named = new Map(commands.map((command) => [command.name(), command.options.map(optionShape)]));
    named.set(
      ALL,
      commands.flatMap((command) => command.options.map(optionShape)),
    );
    return Object.entries(top)
      .filter(([name, value]) => !(name === '$schema' && typeof value === 'string'))
      .flatMap(([name, value]) => {
        const options = named.get(name);
        if (options === undefined) throw this.#wrong([name], `no subcommand is named ${name}`);
        return Object.entries(this.#object(value, [name])).map(([key, one]) => this.#setting(name, key, one, options));
      })
      .sort((a, b) => Number(b.command === ALL) - Number(a.command === ALL));
  }

  #setting(command: string, name: string, value: unknown, options: readonly OptionShape[]): Setting {
    const path = [command, name];
    const shapes = options.filter((one) => one.name === name);
    if (shapes.length === 0 || name === 'help')
      throw this.#wrong(
        path,
        command === ALL ? `no subcommand has an option --${name}` : `${command} has no option --${name}`,
      );
    if (isWriter(name)) throw this.#wrong(path, 'what writes files is for the command line alone');
    const types = shapes.map(jsonTypeOf);
    if (!types.some((type) => fits(value, type)))
      throw this.#wrong(path, `expected ${[...new Set(types.map(typeText))].join(' or ')}`);
    return { command, option: name, value, line: lineOfJson(this.#text, path) };
  }

  #json(): unknown {
    try {
      return JSON.parse(this.#text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const position = Number(/position (\d+)/.exec(why)?.[1] ?? this.#text.length);
      const line = this.#text.slice(0, position).split('\n').length;
      throw new UserError(`${this.#file}:${line}: not JSON: byte ${position} of ${this.#text.length}`);
    }
  }

  #object(value: unknown, path: JsonPath): object {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    throw this.#wrong(path, 'expected an object');
  }

  #wrong(path: JsonPath, what: string): UserError {
    return new UserError(`${this.#file}:${lineOfJson(this.#text, path)}: ${jsonPathText(path)}: ${what}`);
  }
}

function fits(value: unknown, type: JsonType): boolean {
  if (Array.isArray(value)) return type.repeats && value.every((one) => fits(one, { ...type, repeats: false }));
  if (value === true) return type.isFlag;
  if (typeof value === 'number') return type.isNumber && value >= 0;
  return typeof value === 'string' && type.isText && (type.choices.length === 0 || type.choices.includes(value));
}

function typeText({ isFlag, isNumber, isText, choices, repeats }: JsonType): string {
  const one = [
    ...(isFlag ? ['true'] : []),
    ...(isNumber ? ['a number'] : []),
    ...(isText ? [choices.length > 0 ? `one of ${choices.join(', ')}` : 'a text'] : []),
  ].join(' or ');
  return repeats ? `${one}, or a list of them` : one;
}
