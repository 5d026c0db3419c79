// A real browser for the tests of the HTML report.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** CHROMIUM names one; else it is looked for where commands are. */
export async function openBrowser(): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name))).find(existsSync);
  const executablePath = process.env['CHROMIUM'] ?? found;
  if (executablePath === undefined)
    throw new Error(`no browser: install ${NAMES[0]} (Debian's is enough), or name one by CHROMIUM`);
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
