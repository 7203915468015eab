// What happens is seen without a reload; who is away comes back; what is asked for is done.
import assert from 'node:assert/strict';

export default (test, findings) => {
  test('news arrives by itself', async (bench) => {
    const mock = await bench.mock({});
    const page = await bench.page(mock.url);
    await page.getByText('live', { exact: true }).waitFor();
    mock.advance();
    await page.locator('.chronicle').getByText('Finished in').first().waitFor();
    await page.goto(`${mock.url}#/trials`);
    await page.getByText('301 of 301 trials').waitFor();
    mock.advance();
    await page.getByText('302 of 302 trials').waitFor();
  });

  test('pause and resume', async (bench) => {
    const mock = await bench.mock({});
    const page = await bench.page(mock.url);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('.badge.state-paused').waitFor();
    await page.getByText('The study is paused, and nothing runs').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('.badge.state-running').waitFor();
    assert.deepEqual(mock.acts.map(([path]) => path), ['/pause', '/resume']);
  });

  test('budgets are changed one by one, and what cannot be undone asks twice', async (bench) => {
    const mock = await bench.mock({});
    const page = await bench.page(mock.url);
    await page.getByRole('button', { name: 'Operate' }).click();
    await page.locator('input[name=carbon_g]').fill('5000');
    await page.getByRole('button', { name: 'Change budgets' }).click();
    await page.getByText('Done: budgets.').waitFor();
    assert.deepEqual(JSON.parse(mock.acts[0][1]), { carbon_g: 5000 });
    await page.getByRole('button', { name: 'End the study' }).click();
    await page.getByText('For good').waitFor();
    await page.getByRole('button', { name: 'No', exact: true }).click();
    assert.equal(mock.acts.length, 1, 'nothing was ended');
  });

  test('a lost coordinator is told of, and found again without a reload', async (bench) => {
    const mock = await bench.mock({});
    const page = await bench.page(mock.url);
    await page.getByText('live', { exact: true }).waitFor();
    await page.evaluate(() => (globalThis.same = true));
    await mock.close();
    await page.getByText('The coordinator does not answer since').waitFor();
    assert.ok(await page.getByText('Hypervolume against time').isVisible(), 'what was known still stands');
    assert.deepEqual(await findings(page), []);
    await mock.again();
    await page.getByText('live', { exact: true }).waitFor({ timeout: 20_000 });
    mock.advance();
    await page.locator('.chronicle').getByText('Finished in').first().waitFor();
    assert.equal(await page.getByText('The coordinator does not answer since').count(), 0);
    assert.equal(await page.evaluate(() => globalThis.same), true);
  });

  test('a stream that ends by design is taken up again without a word', async (bench) => {
    const mock = await bench.mock({});
    const page = await bench.page(mock.url);
    await page.getByText('live', { exact: true }).waitFor();
    for (const follower of mock.followers) follower.end();
    await page.waitForTimeout(150);
    assert.equal(await page.getByText('The coordinator does not answer since').count(), 0);
    await page.getByText('live', { exact: true }).waitFor();
    await page.waitForTimeout(300);
    mock.advance();
    await page.locator('.chronicle').getByText('Finished in').first().waitFor();
  });

  test('a worker is looked at and drained', async (bench) => {
    const mock = await bench.mock({});
    const page = await bench.page(`${mock.url}#/workers`);
    await page.getByRole('button', { name: 'gpu-02' }).click();
    await page.getByRole('heading', { name: 'Slots' }).waitFor();
    await page.locator('.own-log').getByText('Warning: the power meter can\'t be read').waitFor();
    await page.getByRole('button', { name: 'Drain', exact: true }).click();
    await page.getByRole('button', { name: 'Yes: drain' }).click();
    await page.getByText('Done: drain.').waitFor();
    assert.deepEqual(JSON.parse(mock.acts[0][1]), { worker: 'gpu-02' });
  });
};
