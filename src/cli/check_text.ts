// The text that `check` prints, as the terminal and the options want it.
import { checkText } from '../reporters/check_text.ts';
import type { CheckedTrace, CheckRun } from '../reporters/checked_trace.ts';
import { hasLinks } from './hyperlink.ts';
import { isColored, type OutputOptions, terminalWidth } from './output.ts';
import { styleOf } from './style.ts';

/** `rule`: the user asked for rules by name. */
export interface CheckOutput extends OutputOptions {
  readonly rule?: readonly string[];
}

/** How a text is to look, whoever makes it. */
export interface TextLook {
  readonly colors: boolean;
  readonly links: boolean;
  readonly width: number | undefined;
  readonly allNotes: boolean;
}

export function lookOf(output: CheckOutput): TextLook {
  return {
    colors: isColored(output),
    links: hasLinks(output),
    width: terminalWidth(output),
    allNotes: output.rule !== undefined,
  };
}

/** The text of each trace in that look. */
export async function textOf(
  { failOn }: Pick<CheckRun, 'failOn'>,
  { colors, links, width, allNotes }: TextLook,
): Promise<(trace: CheckedTrace) => string> {
  const style = await styleOf(colors, links);
  const look = { style, failOn, allNotes, ...(width === undefined ? {} : { width }) };
  return ({ report, findings, known, doubts }) => checkText({ ...report, doubts }, findings, { ...look, known });
}

export function joinTexts(texts: readonly string[]): string {
  return texts.join('\n');
}
