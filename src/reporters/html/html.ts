// A page that shows a whole run: one file, which loads nothing and runs nothing but its own script.
import type { RuleDoc } from '../../checks/check.ts';
import type { CheckRun } from '../checked_trace.ts';
import { printable, printablePath } from '../escape.ts';
import { type PageData, type RuleText, VERDICTS } from './page_data.ts';
import { traceData } from './trace_data.ts';

/** Code with the hash that the page's policy names it by, `sha256-...`. */
export interface PagePart {
  readonly text: string;
  readonly hash: string;
}

export interface PageParts {
  readonly script: PagePart;
  readonly style: PagePart;
}

export function html(run: CheckRun, { script, style }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `script-src '${script.hash}'`,
    `style-src '${style.hash}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="gpuvm-trace">
<title>gpuvm-trace</title>
<style>${style.text}</style>
</head>
<body>
<noscript><p>This report is drawn by the script in it, which loads nothing.</p></noscript>
<script type="application/json" id="data">${embedded(pageData(run))}</script>
<script type="module">${script.text}</script>
</body>
</html>
`;
}

/** JSON in which nothing ends the element that it stands in. */
function embedded(data: PageData): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}

function pageData(run: CheckRun): PageData {
  const { version, failOn } = run;
  const broken = new Set(run.traces.flatMap(({ findings }) => findings.map(({ rule }) => rule)));
  const unread = run.unread.map(({ file, message }) => ({ file: printablePath(file), message: printable(message) }));
  const rules = run.rules.filter(({ id }) => broken.has(id)).map((doc) => [doc.id, ruleText(doc)] as const);
  const traces = run.traces.map((trace) => traceData(trace, run));
  return { schema: 1, version, failOn, verdicts: VERDICTS, traces, unread, rules: Object.fromEntries(rules) };
}

function ruleText({ severity, summary, meaning, why, kernel, advice }: RuleDoc): RuleText {
  return { severity, summary, meaning, why, kernel, advice };
}
