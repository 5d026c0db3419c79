// `rules` and `explain`: what the checks themselves say of their rules.
import { Command } from 'commander';
import { UserError } from '../base/user_error.ts';
import { type Bug, bugs, isCaught } from '../checks/bugs.ts';
import type { RuleDoc } from '../checks/check.ts';
import { rules } from '../checks/index.ts';
import type { Finding } from '../findings/finding.ts';
import type { Column } from '../reporters/table.ts';
import { toText } from '../reporters/table.ts';
import { wrap } from '../reporters/wrap.ts';
import { emit } from './output.ts';

export function rulesCommand(): Command {
  return new Command('rules')
    .description('list every rule with its severity and meaning')
    .option('--bugs', 'list bugs of real drivers instead: which rule catches each, and on which traces below fixtures/')
    .addHelpText('after', '\nExample:\n  gpuvm-trace rules --bugs')
    .action((options: { bugs?: true }) => {
      if (options.bugs) {
        emit(toText(bugColumns, bugs), {});
        return;
      }
      const columns = [
        { name: 'rule', kind: 'text', cell: (rule: RuleDoc) => rule.id },
        { name: 'severity', kind: 'text', cell: (rule: RuleDoc) => rule.severity },
        { name: 'summary', kind: 'text', cell: (rule: RuleDoc) => rule.summary },
      ] as const;
      emit(toText(columns, rules), {});
    });
}

const bugColumns: readonly Column<Bug>[] = [
  { name: 'bug', kind: 'count', cell: (bug) => bug.number },
  { name: 'driver', kind: 'text', cell: (bug) => bug.driver },
  { name: 'id', kind: 'text', cell: (bug) => bug.id || '-' },
  { name: 'what', kind: 'text', cell: (bug) => bug.subject },
  { name: 'rule', kind: 'text', cell: (bug) => (isCaught(bug) ? bug.rule : '-') },
  { name: 'fires', kind: 'text', cell: (bug) => (isCaught(bug) ? bug.fires : '-') },
  { name: 'silent', kind: 'text', cell: (bug) => (isCaught(bug) ? bug.silent : bug.why) },
];

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

/** Of each rule of these findings, once. */
export function explanations(findings: readonly Pick<Finding, 'rule'>[]): string {
  const fired = new Set(findings.map(({ rule }) => rule));
  return rules
    .filter(({ id }) => fired.has(id))
    .map((rule) => `\n${explanation(rule)}`)
    .join('');
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
