// Pictures of every view, in both themes, on a phone and on a wall: node tests/shots.mjs FOLDER [URL] [VIEW...]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launch, SIZES, VIEWS } from './browser.mjs';
import { Mock } from './mock/server.mjs';

const [folder = 'shots', address, ...views] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const mock = address?.startsWith('http') ? null : await new Mock({}).listen();
const browser = await launch();
for (const [name, size] of Object.entries(SIZES)) {
  if (name === 'desk') continue;
  for (const theme of ['light', 'dark']) {
    const context = await browser.newContext({ viewport: size, colorScheme: theme, deviceScaleFactor: name === 'phone' ? 2 : 1, hasTouch: name === 'phone' });
    const page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && console.log(`${name} ${theme}: ${message.text()}`));
    page.on('pageerror', (error) => console.log(`${name} ${theme}: ${error.message}`));
    for (const view of views.length > 0 ? views : VIEWS) {
      await page.goto(`${mock?.url ?? address}#/${view}`);
      await page.waitForTimeout(1200);
      await page.screenshot({ path: join(folder, `${view}-${name}-${theme}.png`), fullPage: name === 'phone' });
    }
    await context.close();
  }
}
await browser.close();
await mock?.close();
process.exit(0);
