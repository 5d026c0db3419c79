// `drivers`: what is known of each driver, and what is taken for granted of it.
import { Argument, Command } from 'commander';
import { functionsOf } from '../dialects/index.ts';
import type { Topic } from '../drivers/driver.ts';
import { DRIVERS, TOPICS } from '../drivers/index.ts';
import type { DriverName } from '../events/vm_event.ts';
import type { Format } from '../reporters/formats.ts';
import { type Column, toFormat } from '../reporters/table.ts';
import { wrap } from '../reporters/wrap.ts';
import { formatOption, outputOption } from './options.ts';
import { emit } from './output.ts';

interface DriversOptions {
  readonly format: Format;
  readonly output?: string;
}

const names = Object.keys(DRIVERS) as readonly DriverName[];
const title: Column<Topic> = { name: 'topic', kind: 'hex', cell: (topic) => topic.title };

function answerColumn(driver: DriverName, name: string): Column<Topic> {
  return { name, kind: 'hex', cell: (topic) => topic.answer(DRIVERS[driver]).is };
}

export function driversCommand(): Command {
  return new Command('drivers')
    .description('list what is known of the drivers, or of one of them: locks, order, rollback, page tables, TLB')
    .addArgument(new Argument('[driver]', 'say of this one where each answer comes from').choices(names))
    .addOption(formatOption())
    .addOption(outputOption())
    .addHelpText('after', '\nExamples:\n  gpuvm-trace drivers\n  gpuvm-trace drivers panthor')
    .action((driver: DriverName | undefined, options: DriversOptions) => {
      if (driver !== undefined && options.format === 'text') {
        emit(portrait(driver), options);
        return;
      }
      const columns =
        driver === undefined
          ? [title, ...names.map((name) => answerColumn(name, name))]
          : [title, answerColumn(driver, 'answer'), reasonColumn(driver)];
      emit(toFormat(options.format, columns, TOPICS, { all: 'topics', one: 'topic' }), options);
    });
}

function reasonColumn(driver: DriverName): Column<Topic> {
  return { name: 'kernel', kind: 'text', cell: (topic) => topic.answer(DRIVERS[driver]).by };
}

function portrait(driver: DriverName): string {
  const answers = TOPICS.map((topic) => {
    const { is, by } = topic.answer(DRIVERS[driver]);
    return `${topic.title}: ${is}\n${wrap(by, '  ')}\n`;
  });
  const functions = `its functions in a trace\n${wrap(functionsOf(driver).join(' '), '  ')}\n`;
  const head = `${driver}, of Linux 6.18\n${wrap(DRIVERS[driver].source, '  ')}\n`;
  return [head, ...answers, functions].join('\n');
}
