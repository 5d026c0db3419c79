// The HTML report in a real browser: what is shown, what is asked of the network, who can use it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainFinding } from '../../src/findings/finding.ts';
import type { CheckRun } from '../../src/reporters/checked_trace.ts';
import { openBrowser } from '../support/browser.ts';
import { fixture } from '../support/captures.ts';
import { dataOf, recordedRun, repeated, writePage } from '../support/html_report.ts';
import { ROOT } from '../support/run.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(async () => {
  await browser.close();
});

interface Opened {
  readonly page: Page;
  /** What the console said, what scripts threw, and what was asked of the network. */
  readonly noise: string[];
}

async function open(
  url: string,
  { scheme = 'light', width = 1280 }: { scheme?: 'light' | 'dark'; width?: number } = {},
): Promise<Opened> {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height: 800 },
    offline: true,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const noise: string[] = [];
  page.on('console', (message) => noise.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => noise.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    noise.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url().split('#')[0] !== url.split('#')[0]) noise.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  await page.locator('#job h2').waitFor();
  return { page, noise };
}

/** Rules that are broken, each with the elements that break it. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const result: { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] } =
    await page.evaluate('axe.run(document, { resultTypes: ["violations"] })');
  return result.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

const CAPTURES = ['msm/unmap-offset', 'fuzz-mixed', 'contention-threads', 'lost-pipe-overwrite1'];

const LOOKS = [
  { scheme: 'light', width: 1280 },
  { scheme: 'dark', width: 400 },
] as const;

describe('of captures', () => {
  it.each(CAPTURES)('%s: nothing is loaded, nothing goes wrong, and everybody can use it', async (name) => {
    const run = recordedRun(fixture(name).read(), `${name}.txt`);
    const { url } = writePage(run, name.replaceAll('/', '-'));
    for (const look of LOOKS) {
      const { page, noise } = await open(url, look);
      expect(await violations(page)).toEqual([]);
      for (const tab of ['Jobs', 'VMs']) await page.getByRole('tab', { name: tab }).click();
      await page.getByText('The picture as a table').click();
      for (const summary of await page.locator('#job details > summary').all()) await summary.click();
      expect(await violations(page)).toEqual([]);
      expect(noise).toEqual([]);
      const wide: number = await page.evaluate('document.documentElement.scrollWidth');
      expect(wide).toBeLessThanOrEqual(look.width);
      await page.close();
    }
  });
});

describe('what is shown', () => {
  const run = recordedRun(fixture('msm/unmap-offset').read(), 'unmap-offset.txt');
  let url: string;
  beforeAll(() => {
    ({ url } = writePage(run, 'shown'));
  });

  it('first the verdict, the counts, and the job with the worst finding', async () => {
    const { page } = await open(url);
    await page.getByRole('heading', { level: 1, name: 'unmap-offset.txt' }).waitFor();
    expect(await page.locator('.verdict').textContent()).toBe('✖ 7 errors in 5 jobs');
    expect(await page.getByRole('list', { name: 'counts' }).textContent()).toContain('7errors');
    expect(await page.locator('#job h2').textContent()).toBe('Job 2153');
    expect(await page.title()).toBe('unmap-offset.txt: 7 errors in 5 jobs');
  });

  it('by keyboard: a finding, its job, the object that was not locked, the line, the command', async () => {
    const { page } = await open(url);
    const focused = () =>
      page.evaluate('document.activeElement.closest("#table-findings") && document.activeElement.textContent');
    for (let presses = 0; (await focused()) !== 'missing-lock'; presses++) {
      expect(presses).toBeLessThan(60);
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('job');
    const job = page.locator('#job');
    const finding = job.locator('.finding.current');
    expect(await finding.textContent()).toContain('0xffff888109df2800');
    expect(await finding.textContent()).toContain('line 311');
    const locks = await job.getByRole('region', { name: 'Lock set' }).getByRole('row').allTextContents();
    expect(locks.find((row) => row.includes('missing'))).toContain('step at line 311');
    expect(locks.filter((row) => row.includes('✔ held'))).toHaveLength(2);
    const steps = await job.getByRole('region', { name: 'op 0: steps' }).getByRole('row').allTextContents();
    expect(
      steps.map((row) => [row.includes('≠ differs'), row.includes('→ only applied'), row.includes('= same')]),
    ).toEqual([
      [false, false, false],
      [true, false, true],
      [false, true, true],
      [false, true, true],
    ]);
    expect(steps[2]).toContain('missing-lock');
    const commands = await job.locator('.command code').allTextContents();
    expect(commands).toEqual([
      'gpuvm-trace show unmap-offset.txt --job 2153',
      'gpuvm-trace blame unmap-offset.txt 0x114000',
      'gpuvm-trace explain missing-lock',
      "sed -n '275,335p' unmap-offset.txt",
    ]);
  });

  it('tables sort and filter', async () => {
    const { page } = await open(url);
    const rows = page.locator('#table-findings tbody tr');
    const lines = async () => (await rows.locator('td:nth-child(4)').allTextContents()).map(Number);
    await page.locator('#table-findings').getByRole('button', { name: 'Line' }).click();
    expect(await lines()).toEqual((await lines()).toSorted((a, b) => a - b));
    expect(await page.locator('#table-findings th[aria-sort]').getAttribute('aria-sort')).toBe('ascending');
    await page.locator('#table-findings').getByRole('button', { name: 'Line' }).click();
    expect(await lines()).toEqual((await lines()).toSorted((a, b) => b - a));
    await page.locator('#table-findings').getByLabel('Rule').selectOption('missing-lock');
    expect(await lines()).toEqual([311]);
    await page.locator('#table-findings').getByLabel('Rule').selectOption('');
    await page.locator('#table-findings').getByLabel('Filter').fill('UNMAP 684');
    expect(await lines()).toEqual([684]);
  });

  it('the address restores the view', async () => {
    const { page } = await open(url);
    await page.getByRole('button', { name: 'Dark theme' }).click();
    await page.getByRole('tab', { name: 'Jobs' }).click();
    await page.locator('#table-jobs').getByLabel('Verdict').selectOption('bad');
    await page.locator('#table-jobs').getByRole('link', { name: '2153' }).click();
    await page.getByRole('button', { name: 'zoom in' }).click();
    await page.getByRole('button', { name: 'Axis: time' }).click();
    await page.getByRole('button', { name: 'zoom in' }).click();
    const seen = async (one: Page) => ({
      job: await one.locator('#job').textContent(),
      rows: await one.locator('#table-jobs tbody').textContent(),
      theme: await one.evaluate('document.documentElement.dataset.theme'),
      pictures: await one.evaluate('[...document.querySelectorAll("canvas")].map((one) => one.toDataURL())'),
    });
    const settled = (one: Page) =>
      one.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    await settled(page);
    const other = await open(String(await page.evaluate('location.href')));
    await settled(other.page);
    expect(await seen(other.page)).toEqual(await seen(page));
    expect(other.noise).toEqual([]);
  });

  it('pictures are moved through by keyboard and by mouse', async () => {
    const { page } = await open(url);
    const fragment = () => page.evaluate('location.hash');
    const timeline = page.getByRole('application', { name: /^Timeline/ });
    await timeline.focus();
    await page.keyboard.press('Home');
    expect(await page.locator('#job h2').textContent()).toBe('Job 2149');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('#job h2').textContent()).toBe('Job 2150');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('job');
    const space = page.getByRole('application', { name: /^VA space/ });
    await space.scrollIntoViewIfNeeded();
    await space.focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('.readout').textContent()).toMatch(
      /^0x[0-9a-f]+\+0x[0-9a-f]+; .* mapped at line \d+ by job 2149/,
    );
    await page.keyboard.press('+');
    expect(await fragment()).toContain('zoom=');
    await page.keyboard.press('0');
    expect(await fragment()).not.toContain('zoom=');
    const box = await space.boundingBox();
    if (box === null) throw new Error('no picture');
    await page.mouse.move(box.x + 300, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 500, box.y + 200);
    await page.mouse.up();
    expect(await fragment()).toMatch(/zoom=.*space=/);
  });
});

describe('several traces', () => {
  it('are chosen from, and the address says which is shown', async () => {
    const [one, other] = ['missing', 'correct'].map((name) => recordedRun(fixture(name).read(), `${name}.txt`));
    if (one === undefined || other === undefined) throw new Error('no run');
    const { url } = writePage({ ...one, traces: [...one.traces, ...other.traces] }, 'several');
    const { page, noise } = await open(url);
    await page.getByLabel('trace', { exact: true }).selectOption('correct.txt');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('correct.txt');
    expect(await page.locator('.verdict').textContent()).toContain('✔ clean');
    const again = await open(String(await page.evaluate('location.href')));
    expect(await again.page.getByRole('heading', { level: 1 }).textContent()).toBe('correct.txt');
    await page.goBack();
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('missing.txt');
    expect([...noise, ...again.noise]).toEqual([]);
  });
});

it('the picture in docs is of such a page (UPDATE=1 takes it anew)', async () => {
  const file = path.join(ROOT, 'docs/report.png');
  if (process.env['UPDATE'] === '1') {
    const { url } = writePage(recordedRun(fixture('msm/unmap-offset').read(), 'trace.txt'), 'picture');
    const { page } = await open(`${url}#job=2153&finding=1`);
    await page.screenshot({ path: file, clip: { x: 0, y: 0, width: 1280, height: 1080 }, fullPage: true });
  }
  const bytes = readFileSync(file);
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  expect(bytes.length).toBeLessThan(300_000);
});

/** What someone might call a file, a task, a VM. */
const HOSTILE = `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&<!--\u2028`;

describe('hostile text', () => {
  it('is shown as it is, and never runs', async () => {
    const name = HOSTILE.replace('"', '').replace('\u2028', '');
    const text = Buffer.from(fixture('missing').read())
      .toString('latin1')
      .replaceAll('name="vmbind-lab"', `name="${name}"`);
    const run = recordedRun(Buffer.from(text, 'latin1'), HOSTILE);
    const [trace] = run.traces;
    if (trace === undefined) throw new Error('no trace');
    const findings = trace.findings.map((one) => ({
      ...plainFinding(one),
      message: HOSTILE,
      evidence: [{ line: 1, text: HOSTILE }],
    }));
    const hostile: CheckRun = {
      ...run,
      traces: [{ ...trace, findings, doubts: [HOSTILE] }],
      unread: [{ file: HOSTILE, message: HOSTILE }],
    };
    const { url, text: page } = writePage(hostile, 'hostile');
    expect(page.match(/<script/g)).toHaveLength(2);
    const { page: shown, noise } = await open(url);
    for (const tab of ['Jobs', 'VMs', 'Findings']) await shown.getByRole('tab', { name: tab }).click();
    const all = (await shown.locator('body').textContent()) ?? '';
    expect(all).toContain(`VM 1 "${name}"`);
    expect(await shown.getByRole('heading', { level: 1 }).textContent()).toBe(HOSTILE.replace('\u2028', '\\u{2028}'));
    expect(await shown.locator('img').count()).toBe(0);
    expect(noise).toEqual([]);
    expect(await violations(shown)).toEqual([]);
  });

  it('the policy stops a script that is not the page’s own', async () => {
    const { url } = writePage(recordedRun(fixture('missing').read()), 'policy');
    const { page, noise } = await open(url);
    await page
      .evaluate('document.body.append(Object.assign(document.createElement("script"), { textContent: "alert(3)" }))')
      .catch(() => undefined);
    expect(noise.filter((one) => one.startsWith('dialog'))).toEqual([]);
    expect(noise.length).toBeGreaterThan(0);
  });

  it('a fragment that nobody wrote is as good as none', async () => {
    const { url } = writePage(recordedRun(fixture('missing').read()), 'fragment');
    const { page, noise } = await open(
      `${url}#job=%00@x&finding=999999&vm=77&zoom=1e999~2&space=b~a&tab=__proto__&jobs.page=-4&findings.sort=none&mapping=5000&trace=9`,
    );
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('trace.txt');
    expect(noise).toEqual([]);
  });
});

describe('100,000 jobs', () => {
  const COUNT = 100_000;
  const run = repeated(recordedRun(fixture('missing').read()), COUNT);

  it('cost a bounded number of characters each', () => {
    const { text } = writePage(run, 'many');
    const few = writePage(repeated(recordedRun(fixture('missing').read()), 1000), 'few');
    expect(dataOf(text).traces[0]?.jobs.count).toBe(COUNT);
    expect((text.length - few.text.length) / (COUNT - 1000)).toBeLessThan(160);
  });

  it('are shown in a bounded number of elements, and drawn in a bounded number of shapes', async () => {
    const { url } = writePage(run, 'many');
    const { page, noise } = await open(url);
    await page.getByRole('tab', { name: 'Jobs' }).click();
    expect(await page.locator('#table-jobs').textContent()).toContain('100,000 shown');
    const elements: number = await page.evaluate('document.querySelectorAll("*").length');
    expect(elements).toBeLessThan(3000);
    const drawn = async () =>
      Number(await page.getByRole('application', { name: /^Timeline/ }).getAttribute('data-drawn'));
    await expect.poll(drawn).toBeGreaterThan(100);
    expect(await drawn()).toBeLessThan(10_000);
    await page.locator('#table-jobs').getByRole('button', { name: 'Steps' }).click();
    await page.getByRole('button', { name: 'last page' }).click();
    expect(await page.locator('#table-jobs').textContent()).toContain('page 6,667 of 6,667');
    for (let i = 0; i < 12; i++) await page.getByRole('button', { name: 'zoom in' }).click();
    await expect.poll(drawn).toBeLessThan(2000);
    expect(await page.locator('footer').textContent()).toContain('--job ID');
    expect(noise).toEqual([]);
  });
});
