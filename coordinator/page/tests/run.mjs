// The page in a real Chromium before a made-up coordinator: node tests/run.mjs [WORDS OF A TEST'S NAME]
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { executable, launch, SIZES } from './browser.mjs';
import { Mock } from './mock/server.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const only = process.argv.slice(2).join(' ');
const tests = [];
export const test = (name, body) => tests.push([name, body]);

/** What a test has in its hands. */
class Bench {
  constructor(browser) {
    this.browser = browser;
    this.mocks = [];
    this.contexts = [];
    this.errors = [];
  }

  async mock(options) {
    const mock = await new Mock(options).listen();
    this.mocks.push(mock);
    return mock;
  }

  async page(address, { size = 'desk', theme = 'light' } = {}) {
    const context = await this.browser.newContext({ viewport: SIZES[size], colorScheme: theme });
    this.contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => this.errors.push(error.message));
    page.on('console', (message) => {
      // A refused policy or a broken script; an answer that is not 200 is the tests' own doing.
      if (message.type() === 'error' && !/Failed to load resource|ERR_/.test(message.text())) this.errors.push(message.text());
    });
    await page.goto(address);
    return page;
  }

  async close() {
    for (const context of this.contexts) await context.close();
    for (const mock of this.mocks) await mock.close().catch(() => {});
  }
}

/** Serious and critical findings, in a line each. */
export async function findings(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const bad = found.violations.filter((one) => one.impact === 'serious' || one.impact === 'critical');
  return bad.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} (${node.any[0]?.message ?? ''})`).join('; ')}`);
}

for (const file of ['views', 'live', 'front', 'large', 'access', 'rules']) await import(`./cases/${file}.mjs`).then((cases) => cases.default(test, findings));

if (!executable()) {
  console.log('skipped: no Chromium is here; install it (apt-get install chromium), or name one in CHROMIUM');
  process.exit(0);
}
const browser = await launch();
let [passed, failed] = [0, 0];
for (const [name, body] of tests.filter(([name]) => name.includes(only))) {
  const bench = new Bench(browser);
  const begin = Date.now();
  try {
    const said = await body(bench);
    if (bench.errors.length > 0) throw new Error(`the console says: ${bench.errors.join('; ')}`);
    passed += 1;
    console.log(`ok      ${name}${said ? ` (${said})` : ''} ${Date.now() - begin} ms`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n        ${String(error.stack ?? error).split('\n').slice(0, 6).join('\n        ')}`);
  }
  await bench.close();
}
await browser.close();
console.log(`test result: ${failed === 0 ? 'ok' : 'FAILED'}. ${passed} passed; ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
