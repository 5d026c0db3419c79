// `config`: which file sets defaults here, and which; its JSON schema.
import { Argument, Command } from 'commander';
import { json, printablePath } from '../reporters/escape.ts';
import { readConfig } from './config_file.ts';
import { configSchema } from './config_schema.ts';
import { CONFIG_NAME, type ConfigChoice, findConfig } from './find_config.ts';
import { emit } from './output.ts';
import { programShape } from './program_shape.ts';

export function configCommand(program: () => Promise<Command>): Command {
  return new Command('config')
    .description(`list the defaults that ${CONFIG_NAME} sets here, or print the file’s JSON schema`)
    .addArgument(new Argument('[what]', 'what to print').choices(['settings', 'schema']).default('settings'))
    .addHelpText(
      'after',
      `
${CONFIG_NAME} is looked for in the working directory and in those above it. It names options without their dashes, by
subcommand; all: for each that has them. The command line wins. Files are named from its own folder.

  { "all": { "kernel": "6.18" }, "check": { "fail-on": "warning", "ignore": ["redundant-lock"] } }

What writes files (-o, --report, --update-baseline) cannot be set.

Examples:
  gpuvm-trace config
  gpuvm-trace --config ci/defaults.json config
  gpuvm-trace config schema > gpuvm-trace.schema.json`,
    )
    .action(async (what: 'settings' | 'schema', _options: unknown, command: Command) => {
      const whole = await program();
      if (what === 'schema') return emit(`${json(configSchema(programShape(whole)), 2)}\n`, {});
      const found = findConfig(command.optsWithGlobals<{ config?: ConfigChoice }>().config);
      if (found === undefined) return emit('no file sets defaults here\n', {});
      const { file, settings } = readConfig(found, whole.commands);
      const lines = settings.map(
        ({ command: name, option, value, line }) => `  line ${line}: ${name} --${option} ${json(value)}`,
      );
      return emit(`${[printablePath(file), ...lines].join('\n')}\n`, {});
    });
}
