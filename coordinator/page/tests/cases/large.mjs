// 50,000 trials of 1,000 workers: soon there, and smooth.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const SIZE = { trials: 50_000, workers: 1_000 };
/** Kilobytes of scripts, packed. */
const MOST_KB = 300;
/** A mean frame while scrolling; software drawing on a busy machine takes its time. */
const SMOOTH_MS = 70;
const SOON_MS = 6_000;

async function frames(page) {
  return page.locator('.virtual').evaluate(async (list) => {
    const times = [];
    let last = performance.now();
    for (let step = 0; step < 60; step += 1) {
      list.scrollTop += 900;
      await new Promise(requestAnimationFrame);
      times.push(performance.now() - last);
      last = performance.now();
    }
    times.sort((a, b) => a - b);
    return { mean: times.reduce((sum, time) => sum + time, 0) / times.length, worst: times.at(-3), rows: document.querySelectorAll('.virtual .body .row').length };
  });
}

export default (test) => {
  test('50,000 trials are soon there and scroll smoothly', async (bench) => {
    const { url } = await bench.mock(SIZE);
    const page = await bench.page(`${url}#/trials`);
    await page.getByText('50,000 of 50,000 trials').waitFor();
    await page.getByText('49,999').or(page.getByText('49999')).first().waitFor();
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
    const there = await page.evaluate(() => performance.now());
    const { mean, worst, rows } = await frames(page);
    assert.ok(rows < 120, `${rows} rows exist`);
    assert.ok(mean < SMOOTH_MS, `a frame takes ${mean.toFixed(0)} ms`);
    assert.ok(there < SOON_MS, `rows after ${there.toFixed(0)} ms`);
    await page.locator('.virtual').evaluate((list) => (list.scrollTop = list.scrollHeight));
    await page.getByRole('button', { name: '0', exact: true }).waitFor();
    return `first paint ${paint.toFixed(0)} ms, rows after ${there.toFixed(0)} ms, mean frame ${mean.toFixed(0)} ms, worst but two ${worst.toFixed(0)} ms, ${rows} rows`;
  });

  test('1,000 workers scroll smoothly', async (bench) => {
    const { url } = await bench.mock(SIZE);
    const page = await bench.page(`${url}#/workers`);
    await page.getByText('1,000 of 1,000 workers').waitFor();
    const { mean, rows } = await frames(page);
    assert.ok(rows < 120 && mean < SMOOTH_MS, `${rows} rows, ${mean.toFixed(0)} ms a frame`);
    return `mean frame ${mean.toFixed(0)} ms`;
  });

  test('the front and the overview of 50,000 trials', async (bench) => {
    const { url } = await bench.mock(SIZE);
    const page = await bench.page(url);
    await page.getByText('Hypervolume against time').waitFor();
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
    const begin = Date.now();
    await page.click('nav >> text=front');
    await page.locator('.scatter .member').first().waitFor();
    const took = Date.now() - begin;
    assert.ok(took < SOON_MS, `the front after ${took} ms`);
    return `first paint ${paint.toFixed(0)} ms, front after ${took} ms`;
  });

  test('the files are small, and name no other machine', async () => {
    const folder = new URL('../../dist/assets/', import.meta.url);
    let bytes = 0;
    for (const name of readdirSync(folder)) {
      const text = readFileSync(new URL(name, folder), 'utf8');
      if (name.endsWith('.js')) bytes += gzipSync(text).length;
      const hosts = [...text.matchAll(/https?:\/\/[a-z0-9.-]+/gi)].map(([host]) => host).filter((host) => !host.startsWith('http://www.w3.org'));
      assert.deepEqual(hosts, [], name);
    }
    assert.ok(bytes < MOST_KB * 1000, `${bytes} bytes`);
    return `${(bytes / 1000).toFixed(1)} kB packed`;
  });
};
