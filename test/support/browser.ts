/**
 * The dashboard in a real browser (the system's Chromium). Tables are read as a person reads them: by caption, column
 * heading and cell text.
 */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Ending, Scope } from './scope.js';

/** What a row shows, by column heading. */
export type ShownRow = Record<string, string>;

class Open implements Ending {
  constructor(private readonly thing: Browser | BrowserContext) {}

  end(): Promise<void> {
    return this.thing.close();
  }
}

/** A browser for many pages, which share nothing: it takes a second to start. */
export async function openBrowser(scope: Scope): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: executable(), args: ['--no-sandbox'] });
  scope.use(new Open(browser));
  return browser;
}

/** The page at `url`, at the size the first screen is made for. Errors of the page's own code fail whoever asks `problems`. */
export async function openPage(
  scope: Scope,
  url: string,
  browser: Browser | Promise<Browser> = openBrowser(scope),
): Promise<{ page: Page; problems: string[] }> {
  const context = await (await browser).newContext({ viewport: { width: 1440, height: 900 } });
  scope.use(new Open(context));
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(url);
  return { page, problems };
}

/** Waits until a row of the table with this caption satisfies `wanted`; gives what it shows. */
export async function shownRow(
  page: Page,
  caption: RegExp,
  wanted: (row: ShownRow) => boolean,
  withinMs = 20_000,
): Promise<ShownRow> {
  const deadline = performance.now() + withinMs;
  let rows: ShownRow[] = [];
  while (performance.now() < deadline) {
    rows = await shownRows(page, caption);
    const found = rows.find(wanted);
    if (found) return found;
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  throw new Error(
    `no such row of ${caption} within ${withinMs} ms; it shows ${JSON.stringify(rows, null, 1)}`,
  );
}

async function shownRows(page: Page, caption: RegExp): Promise<ShownRow[]> {
  const table = page.getByRole('table', { name: caption });
  if ((await table.count()) === 0) return [];
  return table.first().evaluate((element) => {
    const text = (cell: Element) => (cell as HTMLElement).textContent.replace(/\s+/g, ' ').trim();
    const headings = Array.from(element.querySelectorAll('thead th')).map(text);
    const rows = Array.from(element.querySelectorAll('tbody tr'));
    return rows.map((row) =>
      Object.fromEntries(Array.from(row.children).map((cell, i) => [headings[i] ?? '', text(cell)])),
    );
  });
}

function executable(): string {
  const names = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/lib/chromium/chromium'];
  const found = names.find((name) => existsSync(name));
  if (!found) throw new Error('Chromium is missing: npm run setup installs it');
  return found;
}
