// The frame around the views: how the study is, where one can go, what is filtered, whether the coordinator answers.
import { useEffect, useState } from 'preact/hooks';
import { tokenWanted } from './api/client';
import { connection, retryNow } from './data/live';
import { hrefOf, opened, view, VIEWS, type View } from './data/place';
import { useResource } from './data/resource';
import { study } from './data/store';
import { choice, next } from './data/theme';
import { duration, withSeconds } from './lib/format';
import { sentence } from './lib/words';
import { Carbon } from './views/carbon';
import { Filters } from './views/filters';
import { FrontView } from './views/front';
import { Login } from './views/login';
import { Operate } from './views/operate';
import { Overview } from './views/overview';
import { TreeView } from './views/tree';
import { TrialDrawer } from './views/trial';
import { TrialsView } from './views/trials';
import { WorkersView } from './views/workers';

const SHOWN: Record<View, () => preact.JSX.Element> = {
  overview: Overview,
  front: FrontView,
  carbon: Carbon,
  trials: TrialsView,
  workers: WorkersView,
  tree: TreeView,
};

export function App() {
  const now = useResource(study);
  const here = view.value;
  const Shown = SHOWN[here];
  useEffect(() => {
    document.title = `${now ? `${now.name}: ` : ''}${sentence(here)} – CE-NAS`;
  }, [here, now?.name]);
  if (tokenWanted.value) return <Login />;
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="top">
        <p class="brand">
          <b>CE-NAS</b>
          <span class="name">{now?.name ?? ''}</span>
          {now && <span class={`badge state-${now.state}`}>{now.state}</span>}
        </p>
        <nav aria-label="Views">
          {VIEWS.map((one) => (
            <a key={one} href={hrefOf(one)} aria-current={one === here ? 'page' : undefined}>
              {sentence(one)}
            </a>
          ))}
        </nav>
        <div class="tools">
          <Pulse />
          {now && <Operate study={now} />}
          <button type="button" class="quiet" onClick={next} title="Light or dark">
            {{ system: 'Theme: auto', light: 'Theme: light', dark: 'Theme: dark' }[choice.value]}
          </button>
        </div>
      </header>
      <Lost />
      {now && now.broken_laws > 0 && (
        <p class="banner" role="alert">
          {now.broken_laws} laws of the program were found broken: a defect. Please report it with the coordinator's log.
        </p>
      )}
      {now?.intensity_synthetic && here !== 'trials' && here !== 'tree' && here !== 'front' && (
        <p class="banner mild">The intensity of this study is made up by the built-in generator, not observed on a grid.</p>
      )}
      <Filters study={now} />
      <main id="main" tabIndex={-1} class={`view-${here}`}>
        <h1>{sentence(here)}</h1>
        <Shown />
      </main>
      {opened.value !== null && <TrialDrawer id={opened.value} key={opened.value} />}
    </>
  );
}

/** The address holds the view, so a jump within the page is made by hand. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Pulse() {
  const { state } = connection.value;
  const words = { connecting: 'connecting', live: 'live', lost: 'no connection' }[state];
  return (
    <span class={`pulse ${state}`} role="status">
      <i aria-hidden="true" />
      {words}
    </span>
  );
}

function Lost() {
  const { state, since, retryAt } = connection.value;
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (state !== 'lost') return undefined;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [state]);
  if (state !== 'lost') return null;
  const wait = Math.max(0, (retryAt - now) / 1000);
  return (
    <p class="banner lost" role="alert">
      The coordinator does not answer since {withSeconds(new Date(since).toISOString())} UTC; what stands here is from then. It is asked again {wait > 0.5 ? `in ${duration(Math.ceil(wait))}` : 'now'}.{' '}
      <button type="button" onClick={retryNow}>
        Ask now
      </button>
    </p>
  );
}
