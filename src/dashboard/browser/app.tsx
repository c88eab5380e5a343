import { useEffect } from 'preact/hooks';
import type { Me } from './api.ts';
import { useArrival } from './arrival.ts';
import { Announcements } from './parts/announcements.tsx';
import { ReadingZone } from './parts/exact.tsx';
import { Frame } from './parts/frame.tsx';
import { Lazy } from './parts/lazy.tsx';
import { Notice } from './parts/notice.tsx';
import { Authorize } from './screens/authorize.tsx';
import { Enrol } from './screens/enrol.tsx';
import { InboxScreen } from './screens/inbox.tsx';
import { SignIn } from './screens/sign-in.tsx';
import { APPROVAL, SCREENS } from './screens.ts';
import type { Shell } from './shell.ts';

function Screen({ shell, me }: { shell: Shell; me: Me }) {
  const route = shell.route.value;
  if (route.name === 'sign-in') return <InboxScreen shell={shell} me={me} />;
  if (route.name === 'approval')
    return <Lazy key={route.id} load={APPROVAL} shell={shell} me={me} id={route.id} />;
  if (route.name === 'authorize') return <Authorize key={route.query} shell={shell} query={route.query} />;
  if (route.name === 'section') {
    const { section, id } = route;
    if (section === 'inbox') return <InboxScreen shell={shell} me={me} />;
    return <Lazy key={section} load={SCREENS[section]} shell={shell} me={me} id={id} />;
  }
  return <Missing />;
}

function Missing() {
  useEffect(() => {
    document.title = 'Nothing here · Countersign';
  }, []);
  return (
    <>
      <h1>There is nothing at this address</h1>
      <p>
        The link may be cut off. <a href="/">Open the inbox</a> to see what is waiting.
      </p>
    </>
  );
}

function Place({ shell }: { shell: Shell }) {
  const route = shell.route.value;
  const me = shell.me.value;
  if (route.name === 'enrol') return <Enrol shell={shell} token={route.token} />;
  if (me === null) return <SignIn shell={shell} />;
  if (me === undefined) {
    return (
      <main class="alone">
        <h1>Countersign</h1>
        {shell.problem.value === undefined ? (
          <p role="status">Loading…</p>
        ) : (
          <Notice kind="error" title="The gateway did not answer" retry={() => shell.identify()}>
            <p>{shell.problem.value}</p>
          </Notice>
        )}
      </main>
    );
  }
  return (
    <ReadingZone.Provider value={shell.preferences.value.zone}>
      <Frame shell={shell} me={me}>
        <Screen shell={shell} me={me} />
      </Frame>
    </ReadingZone.Provider>
  );
}

export function App({ shell }: { shell: Shell }) {
  const { me, route } = shell;
  const who = me.value === undefined ? undefined : me.value === null ? 'nobody' : 'somebody';
  const known = who === undefined ? undefined : `${who} ${location.pathname}`;
  useArrival(route.value.name === 'enrol' ? 'enrol' : known);
  return (
    <>
      <Place shell={shell} />
      <Announcements announcer={shell.announcer} />
    </>
  );
}
