// A mock coordinator to work on the page with: npm run mock -- [--trials N] [--workers N] [--port N]; it goes on by itself.
import { Mock } from './server.mjs';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const mock = await new Mock({ trials: option('trials', 300), workers: option('workers', 4) }).listen(option('port', 7599));
console.log(mock.url);
setInterval(() => mock.advance(), 2_000);
