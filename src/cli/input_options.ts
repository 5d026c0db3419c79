// --input and --map: how a trace is to be read where its content does not tell, or tells wrongly.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AnalyzeOptions } from '../analyze.ts';
import { COLUMN_ROLES, type ColumnNames, type ColumnRole, INPUT_NAMES } from '../ftrace/formats/index.ts';

export interface InputChoice {
  readonly input?: AnalyzeOptions['input'];
  readonly map?: ColumnNames;
}

export function addInputOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--input <format>', 'the format of the traces, where their content is taken for another').choices(
        INPUT_NAMES,
      ),
    )
    .addOption(
      new Option(
        '--map <role=column>',
        `what the columns of a CSV are called: ${COLUMN_ROLES.join(', ')} (repeatable)`,
      ).argParser(columnName),
    );
}

export function inputOf({ input, map }: InputChoice): Pick<AnalyzeOptions, 'input' | 'columns'> {
  return { input, columns: map };
}

/** A column's name may hold anything. */
function columnName(text: string, before: ColumnNames = {}): ColumnNames {
  const equals = text.indexOf('=');
  const role = COLUMN_ROLES.find((one): one is ColumnRole => one === text.slice(0, equals));
  const column = text.slice(equals + 1).trim();
  if (equals < 0 || role === undefined || column === '')
    throw new InvalidArgumentError(
      `role=column is expected, such as pid="Thread ID"; roles: ${COLUMN_ROLES.join(', ')}.`,
    );
  return { ...before, [role]: column };
}
