// Where the page begins.
import { render } from 'preact';
import { App } from './app';
import { follow } from './data/live';
import * as place from './data/place';
import { study } from './data/store';
import * as theme from './data/theme';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/views.css';

theme.begin();
place.begin();
render(<App />, document.getElementById('page')!);

// The stream begins where the first answer ends, so that nothing between the two is missed; without an answer it begins all the same.
void study.refresh();
const stop = study.data.subscribe((found) => {
  if (!found) return;
  queueMicrotask(() => stop());
  follow(found.sequence);
});
setTimeout(() => {
  if (!study.data.value) follow();
}, 2_000);
