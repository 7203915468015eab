// Every view shows what it is for, at any size, and says what is to come where there is nothing.
import assert from 'node:assert/strict';
import { VIEWS } from '../browser.mjs';
import { POLICY } from '../mock/server.mjs';

const SHOWS = {
  overview: ['Hypervolume against time', 'Hypervolume against carbon', 'Budgets', 'What happened', 'Training 4, sampling 4'],
  front: ['Networks', 'Choose', 'Side by side', 'Trial 213'],
  carbon: ['Intensity', 'Allocation', 'Energy by fidelity and zone', 'counterfactual', 'Calculated, not measured'],
  trials: ['300 of 300 trials', 'Architecture'],
  workers: ['gpu-01', 'Temperature', '61 °C'],
  tree: ['The search tree', 'UCB', 'How it was cut'],
};

export default (test, findings) => {
  test('every view shows what it is for, under the policy of the coordinator', async (bench) => {
    assert.match(POLICY, /default-src 'self'/);
    const { url } = await bench.mock({});
    const page = await bench.page(url);
    for (const view of VIEWS) {
      await page.click(`nav >> text=${view}`);
      for (const text of SHOWS[view]) await page.getByText(text).first().waitFor();
      assert.equal(await page.locator('main').evaluate((main) => /NaN|undefined|\[object/.test(main.innerText)), false, `${view} shows a number that is none`);
    }
  });

  test('nothing is wider than a phone', async (bench) => {
    const { url } = await bench.mock({});
    const page = await bench.page(url, { size: 'phone' });
    // Looked at before each frame is painted: what is too wide for a moment only makes the page jump.
    await page.evaluate(() => {
      window.widest = 0;
      const look = () => {
        window.widest = Math.max(window.widest, document.documentElement.scrollWidth);
        requestAnimationFrame(look);
      };
      look();
    });
    for (const view of VIEWS) {
      await page.evaluate(() => (window.widest = 0));
      await page.evaluate((to) => (location.hash = `#/${to}`), view);
      await page.getByText(SHOWS[view][0]).first().waitFor();
      await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
      const [widest, outer] = await page.evaluate(() => [window.widest, innerWidth]);
      assert.ok(widest > 0 && widest <= outer, `${view} is ${widest} wide`);
    }
  });

  test('a study without results says what is to come', async (bench) => {
    const { url } = await bench.mock({ trials: 0, workers: 0, zones: [] });
    const page = await bench.page(url);
    const says = { overview: 'The curve begins with the first full training', front: 'Nothing is trained yet', carbon: 'Zones appear with the first worker', trials: 'No trial has been proposed yet', workers: 'No worker has joined yet' };
    for (const [view, text] of Object.entries(says)) {
      await page.goto(`${url}#/${view}`);
      await page.getByText(text).first().waitFor();
    }
  });

  test('a coordinator that still reads its history is waited for', async (bench) => {
    const mock = await bench.mock({});
    mock.unwell = true;
    const page = await bench.page(mock.url);
    await page.getByText('The history is still being read').first().waitFor();
    mock.unwell = false;
    await page.getByText('Hypervolume against time').waitFor();
  });

  test('the files of a trained network are there to be taken', async (bench) => {
    const { url } = await bench.mock({});
    const page = await bench.page(`${url}#/front?trial=213`);
    const link = page.getByRole('link', { name: 'Weights as safetensors' });
    await link.waitFor();
    assert.equal(await link.getAttribute('href'), '/api/v1/trials/213/files/weights');
  });

  test('a token is asked for, and only then', async (bench) => {
    const { url } = await bench.mock({ token: 'a-token-of-sixteen-letters' });
    const page = await bench.page(url);
    await page.getByLabel('Token').fill('wrong');
    await page.getByText('Sign in').click();
    await page.getByText('That is not the token.').waitFor();
    assert.deepEqual(await findings(page), []);
    await page.getByLabel('Token').fill('a-token-of-sixteen-letters');
    await page.getByText('Sign in').click();
    await page.getByText('Hypervolume against time').waitFor();
    assert.equal(await page.evaluate(() => Object.values(localStorage).join().includes('sixteen')), false);
  });
};
