// The JSON schema of the configuration file, for editors, and what it lets an option be.
import type { OptionShape, ProgramShape } from '../reporters/program_shape.ts';

/** The name under which options stand for all subcommands that have them. */
export const ALL = 'all';

/** What a value may be in JSON. */
export interface JsonType {
  readonly isFlag: boolean;
  readonly isNumber: boolean;
  readonly isText: boolean;
  /** Empty: any text. */
  readonly choices: readonly string[];
  readonly repeats: boolean;
}

/** A file that lies in a folder which somebody else filled must not be able to write any. */
const WRITERS = ['output', 'report', 'update-baseline', 'keys'];

export function isWriter(option: string): boolean {
  return WRITERS.includes(option);
}

export function jsonTypeOf({ value }: OptionShape): JsonType {
  return {
    isFlag: value?.isRequired !== true,
    isNumber: value?.kind === 'number',
    isText: value !== undefined && value.kind !== 'number',
    choices: value?.choices ?? [],
    repeats: value?.repeats ?? false,
  };
}

type Json = Readonly<Record<string, unknown>>;

export function configSchema({ commands }: ProgramShape): Json {
  const options = (own: readonly OptionShape[]) => ({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(own.filter(isSettable).map((option) => [option.name, schemaOf(option)])),
  });
  const everywhere = new Map<string, OptionShape[]>();
  for (const option of commands.flatMap((command) => command.options).filter(isSettable))
    everywhere.set(option.name, [...(everywhere.get(option.name) ?? []), option]);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'gpuvm-trace: defaults of options',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string' },
      [ALL]: {
        description: 'for every subcommand that has the option',
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries([...everywhere].map(([name, shapes]) => [name, anyOf(shapes.map(schemaOf))])),
      },
      ...Object.fromEntries(
        commands.map((command) => [command.name, { description: command.description, ...options(command.options) }]),
      ),
    },
  };
}

function isSettable({ name }: OptionShape): boolean {
  return name !== 'help' && !isWriter(name);
}

function anyOf(schemas: readonly Json[]): Json {
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
  return distinct.length === 1 ? { ...distinct[0] } : { anyOf: distinct };
}

function schemaOf(option: OptionShape): Json {
  const { isFlag, isNumber, isText, choices, repeats } = jsonTypeOf(option);
  const text = choices.length === 0 ? { type: 'string' } : { enum: choices };
  const one = [
    ...(isFlag ? [{ const: true }] : []),
    ...(isNumber ? [{ type: 'number', minimum: 0 }] : []),
    ...(isText ? [text] : []),
  ];
  const item = anyOf(one);
  const { description } = option;
  return { description, ...(repeats ? { anyOf: [item, { type: 'array', items: item }] } : item) };
}
