// For those who do not see it, or do not use a mouse.
import assert from 'node:assert/strict';
import { VIEWS } from '../browser.mjs';

export default (test, findings) => {
  for (const theme of ['light', 'dark']) {
    for (const size of ['desk', 'phone']) {
      test(`no serious finding of axe: ${theme}, ${size}`, async (bench) => {
        const { url } = await bench.mock({});
        const page = await bench.page(url, { theme, size });
        const bad = [];
        for (const view of VIEWS) {
          await page.goto(`${url}#/${view}${view === 'front' ? '?compare=33,138' : ''}`);
          await page.waitForTimeout(700);
          bad.push(...(await findings(page)).map((line) => `${view}: ${line}`));
        }
        await page.goto(`${url}#/trials?trial=33`);
        await page.getByText('Attempts').first().waitFor();
        bad.push(...(await findings(page)).map((line) => `trial: ${line}`));
        await page.goto(`${url}#/overview`);
        await page.getByRole('button', { name: 'Operate' }).click();
        bad.push(...(await findings(page)).map((line) => `operate: ${line}`));
        assert.deepEqual(bad, []);
      });
    }
  }

  test('the keyboard reaches views, networks and trials', async (bench) => {
    const { url } = await bench.mock({});
    const page = await bench.page(url);
    await page.getByText('Hypervolume against time').waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    await page.locator('nav a').nth(1).focus();
    await page.keyboard.press('Enter');
    await page.locator('.member').first().waitFor();
    await page.locator('.member').first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.waitForTimeout(100);
    assert.match(await page.evaluate(() => document.activeElement.getAttribute('class')), /member/, 'the focus is back where it was');
  });
};
