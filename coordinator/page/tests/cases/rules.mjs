// The page's arithmetic by itself: choosing, reading notations, one sentence about the grid.
import assert from 'node:assert/strict';
import { createServer } from 'vite';

async function load(...paths) {
  const server = await createServer({ server: { middlewareMode: true, hmr: false, ws: false, watch: null }, appType: 'custom', logLevel: 'error' });
  const found = await Promise.all(paths.map((path) => server.ssrLoadModule(path)));
  await server.close();
  return found;
}

export default (test) => {
  test('rules of choosing, notations and outlooks', async () => {
    const [choose, cell, outlook, format] = await load('/src/lib/choose.ts', '/src/lib/cell.ts', '/src/lib/outlook.ts', '/src/lib/format.ts');
    const options = [[0, 10], [0.2, 3], [0.6, 2], [1, 0]].map((objectives, trial) => ({ trial, objectives }));
    assert.equal(choose.knee(options).trial, 1);
    assert.equal(choose.weighted(options, [1, 0]).trial, 0);
    assert.equal(choose.weighted(options, [0, 1]).trial, 3);
    assert.equal(choose.constrained(options, [null, 2.5], 0).trial, 2);
    assert.equal(choose.constrained(options, [-1, null], 0), null);
    assert.equal(choose.knee([]), null);

    const nas = cell.drawing('|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|');
    assert.deepEqual(nas.cells[0].nodes, ['in', '1', '2', 'out']);
    assert.deepEqual(nas.cells[0].edges[2], { from: 1, to: 2, operation: 'skip_connect' });
    assert.equal(cell.drawing('|nor_conv_3x3~0|+|none~0|skip_connect~1|').cells[0].nodes.length, 3);
    const darts = cell.drawing("Genotype(normal=[('sep_conv_3x3', 0), ('skip_connect', 1), ('dil_conv_5x5', 0), ('max_pool_3x3', 2)], normal_concat=range(2, 6), reduce=[('sep_conv_3x3', 0), ('skip_connect', 1)], reduce_concat=range(2, 6))");
    assert.equal(darts.cells.length, 2);
    assert.deepEqual(darts.cells[0].edges[3], { from: 2, to: 3, operation: 'max_pool_3x3' });
    const mobile = cell.drawing('w1.2 r224 | k3e4 k5e6s (k3e3) | k7e3');
    assert.deepEqual(mobile.stages.map((stage) => stage.length), [3, 1]);
    assert.equal(cell.drawing('depth=3 block=plain').kind, 'text');

    const at = (hour) => new Date(Date.UTC(2026, 0, 5, hour)).toISOString();
    const forecast = (values) => ({ issued_at: at(8), model: 'm', levels: [0.05, 0.5, 0.95], hours: values.map((value, ahead) => ({ hour: at(9 + ahead), quantiles: [value * 0.8, value, value * 1.2] })) });
    const zone = (values) => ({ zone: 'DE', g_per_kwh: 412, forecast: values && forecast(values) });
    assert.equal(outlook.grid(zone([400, 300, 240, 200, 180, 260]), at(8)), '412 g/kWh, falling to 180 at 13:00');
    assert.equal(outlook.grid(zone([420, 500, 390]), at(8)), '412 g/kWh, rising to 500 at 10:00');
    assert.equal(outlook.grid(zone([410, 415]), at(8)), '412 g/kWh, steady for a day');
    assert.equal(outlook.grid(zone(null), at(8)), '412 g/kWh');
    assert.equal(outlook.activity({ slots: 8, training: 2, scoring: 5, ready: 0, resting: 1 }), 'Training 2, sampling 5, resting 1');

    assert.equal(format.grams(2540), '2.54\u202fkg');
    assert.equal(format.kwh(0.0123), '12.3\u202fWh');
    assert.equal(format.percent(0.05432, 2), '5.43\u202f%');
    assert.equal(format.percent(null), '–');
    assert.equal(format.duration(3 * 3600), '3.0\u202fh');
  });
};
