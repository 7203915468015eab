// Filters that hold everywhere, and the ways to choose.
import assert from 'node:assert/strict';

const answer = (page) => page.locator('.choose .answer p b').first().innerText();

export default (test) => {
  test('a filter holds on every view and stands in the address', async (bench) => {
    const { url } = await bench.mock({});
    const page = await bench.page(`${url}#/trials`);
    await page.getByText('300 of 300 trials').waitFor();
    await page.getByLabel('Fidelity').selectOption('full');
    await page.getByText(/^\d\d of 300 trials/).waitFor();
    await page.locator('.filters select').nth(1).selectOption('GB');
    await page.click('nav >> text=carbon');
    await page.getByRole('heading', { name: 'GB' }).waitFor();
    assert.equal(await page.getByRole('heading', { name: 'DE', exact: true }).count(), 0);
    await page.waitForURL(/fidelity=full&zone=GB/);
    await page.reload();
    await page.getByRole('heading', { name: 'GB' }).waitFor();
    assert.equal(await page.locator('.filters select').nth(1).inputValue(), 'GB');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('heading', { name: 'DE', exact: true }).waitFor();
  });

  test('a box drawn over the front becomes the limits', async (bench) => {
    const { url } = await bench.mock({});
    const page = await bench.page(`${url}#/front`);
    const box = await page.locator('.scatter').boundingBox();
    await page.mouse.move(box.x + 90, box.y + box.height * 0.45);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height - 60, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/in\.parameters=.*in\.error=/);
    const text = await page.getByText(/of 18 networks lie within the filters/).innerText();
    const within = Number(/^(\d+)/.exec(text)[1]);
    assert.ok(within > 0 && within < 18, text);
    assert.notEqual(await page.getByLabel('Validation error at most, %').inputValue(), '');
  });

  test('knee, weights and limits each name a network, and picked ones stand side by side', async (bench) => {
    const { url } = await bench.mock({});
    const page = await bench.page(`${url}#/front`);
    await page.locator('.choose .answer').waitFor();
    const knee = await answer(page);
    await page.getByRole('button', { name: 'Pick it' }).click();
    await page.getByRole('button', { name: 'Weights' }).click();
    const sliders = page.locator('.choose input[type=range]');
    await sliders.nth(0).fill('100');
    await sliders.nth(1).fill('0');
    await sliders.nth(2).fill('0');
    await page.waitForTimeout(100);
    const best = await answer(page);
    assert.notEqual(best, knee);
    await page.getByRole('button', { name: 'Pick it' }).click();
    const columns = page.locator('.compare thead th');
    assert.equal(await columns.count(), 2);
    assert.equal(await page.locator('.compare .cell svg').count(), 2, 'both cells are drawn');
    await page.getByRole('heading', { name: 'Learning curves' }).waitFor();
    await page.getByRole('button', { name: 'Limits' }).click();
    await page.locator('.choose input[type=range]').nth(1).fill('30');
    await page.waitForTimeout(100);
    await page.waitForURL(/in\.parameters=\.\./);
    await page.waitForURL(/compare=\d+,\d+/);
  });

  test('three quantities in space, turned by keys', async (bench) => {
    const { url } = await bench.mock({});
    const page = await bench.page(`${url}#/front`);
    await page.getByRole('button', { name: '3-D' }).click();
    const space = page.getByRole('application');
    await space.focus();
    const before = await space.evaluate((canvas) => canvas.toDataURL());
    await page.keyboard.press('ArrowLeft');
    await page.waitForTimeout(100);
    assert.notEqual(await space.evaluate((canvas) => canvas.toDataURL()), before);
  });
};
