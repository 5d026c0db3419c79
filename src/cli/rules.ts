// `rules` and `explain`: what the checks themselves say of their rules.
import { Command } from 'commander';
import { type RuleDoc, rules, UserError } from '../index.ts';
import { toText } from '../reporters/table.ts';
import { emit } from './output.ts';

const WIDTH = 80;

export function rulesCommand(): Command {
  return new Command('rules')
    .description('list every rule with its severity and meaning')
    .addHelpText('after', '\nExample:\n  gpuvm-trace rules')
    .action(() => {
      const columns = [
        { name: 'rule', kind: 'text', cell: (rule: RuleDoc) => rule.id },
        { name: 'severity', kind: 'text', cell: (rule: RuleDoc) => rule.severity },
        { name: 'summary', kind: 'text', cell: (rule: RuleDoc) => rule.summary },
      ] as const;
      emit(toText(columns, rules), {});
    });
}

export function explainCommand(): Command {
  return new Command('explain')
    .description('explain a rule: what it means, why it matters, the kernel code behind it, what a driver should do')
    .argument('<rule>', 'a rule, as `rules` lists it')
    .addHelpText('after', '\nExample:\n  gpuvm-trace explain missing-lock')
    .action((id: string) => {
      const rule = rules.find((one) => one.id === id);
      if (rule === undefined)
        throw new UserError(`no rule is named ${id}; the rules are ${rules.map((one) => one.id).join(', ')}`);
      emit(explanation(rule), {});
    });
}

function explanation(rule: RuleDoc): string {
  const part = (title: string, text: string) => `${title}\n${wrap(text, '  ')}\n`;
  return [
    `${rule.id} (${rule.severity}): ${rule.summary}\n`,
    part('What it means', rule.meaning),
    part('Why it matters', rule.why),
    part('In the kernel', rule.kernel),
    part('Example', rule.example),
    part('What a driver should do', rule.advice),
  ].join('\n');
}

function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line.length > indent.length && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line.length === indent.length ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
