import type { PlantedBug } from './bug.ts';

const PAGE = 'src/dashboard/browser';
const JOURNEY = ['test/stories/browser-reader.test.ts'];
const SCREENS = ['test/stories/browser-reader-screens.test.ts'];
const TABS = ['test/stories/browser-tabs.test.ts'];
const SEEING = ['test/stories/browser-seeing.test.ts'];
const MODEL = ['test/dashboard/reader-model.test.ts'];

/** Defects of the page that only somebody who hears it, sees it in their own way, or has many windows open, would meet. */
export const READER_BUGS: readonly PlantedBug[] = [
  {
    name: 'the focus stays on a link of the menu after one has come to another screen',
    file: `${PAGE}/arrival.ts`,
    find: '      if (isFocusLost()) focusHeading();\n',
    replace: '',
    tests: SCREENS,
  },
  {
    name: 'the Tab key begins in the middle of the menu',
    file: `${PAGE}/parts/frame.tsx`,
    find: 'menu.scrollBy(inner.left - around.left - (around.width - inner.width) / 2, 0);',
    replace: "current.scrollIntoView({ block: 'nearest' });",
    tests: SCREENS,
  },
  {
    name: 'times are spoken as they are written',
    file: `${PAGE}/parts/lasting.tsx`,
    find: 'fine ? [shortTime, shortTimeWords] : [duration, durationWords]',
    replace: 'fine ? [shortTime, shortTimeWords] : [duration, duration]',
    tests: SCREENS,
  },
  {
    name: 'every new call is told by itself',
    file: `${PAGE}/inbox-told.ts`,
    find: 'else if (timer.current === undefined) tell();',
    replace: 'else tell();',
    tests: JOURNEY,
  },
  {
    name: 'the arguments have no levels for a reader',
    file: `${PAGE}/parts/argument-tree.tsx`,
    find: ' aria-level={row.depth + 1}',
    replace: '',
    tests: JOURNEY,
  },
  {
    name: 'nobody is told that Approve can be pressed',
    file: `${PAGE}/parts/decide.tsx`,
    find: "    shell.announcer.say('Everything was shown. Approve can be pressed now.', { about: 'approve' });\n",
    replace: '',
    tests: JOURNEY,
  },
  {
    name: 'why Approve is off is not its description',
    file: `${PAGE}/parts/decide.tsx`,
    find: 'aria-describedby="approve-note"',
    replace: 'aria-describedby="nothing"',
    tests: JOURNEY,
  },
  {
    name: 'a denial without a reason is sent',
    file: `${PAGE}/parts/deny-dialog.tsx`,
    find: "if (given === '') field.current?.focus();\n    else if (ready) deny();",
    replace: 'if (ready) deny();',
    tests: JOURNEY,
  },
  {
    name: 'what is missing in the dialog to deny is not told with its field',
    file: `${PAGE}/parts/deny-dialog.tsx`,
    find: "missing.value ? 'reason-missing deny-what' : 'deny-what'",
    replace: "'deny-what'",
    tests: JOURNEY,
  },
  {
    name: 'an expiry waits until the reader has finished',
    file: `${PAGE}/outcome-told.ts`,
    find: '{ ...OUTCOME, urgent: true }',
    replace: 'OUTCOME',
    tests: JOURNEY,
  },
  {
    name: 'an outcome is told to nobody whose focus is elsewhere',
    file: `${PAGE}/outcome-told.ts`,
    find: '    else if (isNews && !isRead) shell.announcer.say(title, OUTCOME);\n',
    replace: '',
    tests: JOURNEY,
  },
  {
    name: 'an expiry is told by the clock of the page and again by the gateway',
    file: `${PAGE}/outcome-told.ts`,
    find: '    told.current = state;\n',
    replace: '',
    tests: JOURNEY,
  },
  {
    name: 'a connection that was never lost is told to be back',
    file: `${PAGE}/parts/frame.tsx`,
    find: "else if (state === 'live' && lost.current) {",
    replace: "else if (state === 'live') {",
    tests: JOURNEY,
  },
  {
    name: 'every window opens streams of its own',
    file: `${PAGE}/stream-slot.ts`,
    find: 'const SLOTS = 4;',
    replace: 'const SLOTS = 400;',
    tests: TABS,
  },
  {
    name: 'a window keeps its streams when it shows another screen',
    file: `${PAGE}/stream-slot.ts`,
    find: 'if (lock !== null && !signal.aborted) await aborted(signal);',
    replace: 'if (lock !== null) await new Promise(() => undefined);',
    tests: TABS,
  },
  {
    name: 'a window without a stream never takes one that is free',
    file: `${PAGE}/live.ts`,
    find: "    if (running.ending === undefined && state.value === 'polling' && !document.hidden) void open();\n",
    replace: '',
    tests: TABS,
  },
  {
    name: 'a stream that takes long to open is begun anew every few seconds',
    file: `${PAGE}/live.ts`,
    find: 'if (running.ending === undefined && state',
    replace: 'if (state',
    tests: TABS,
  },
  {
    name: 'text has one size, whatever the browser is set to',
    file: `${PAGE}/style/base.css`,
    find: '    1rem / 1.5 system-ui,',
    replace: '    16px / 1.5 system-ui,',
    tests: SEEING,
  },
  {
    name: 'what only a reader is told makes the page wider than its window',
    file: `${PAGE}/style/frame.css`,
    find: '  position: relative;\n  background: var(--card);\n  border: 1px solid var(--line);',
    replace: '  background: var(--card);\n  border: 1px solid var(--line);',
    tests: SEEING,
  },
  {
    name: 'in forced colours nothing shows which line is selected',
    file: `${PAGE}/style/seeing.css`,
    find: '    outline: 3px solid Highlight;\n',
    replace: '',
    tests: SEEING,
  },
  {
    name: 'a call that is gone counts as one that waits',
    file: `${PAGE}/model/inbox.ts`,
    find: 'if (!gone) waiting.set(approval.id, approval.risk);',
    replace: 'waiting.set(approval.id, gone ? approval.risk : approval.risk);',
    tests: MODEL,
  },
  {
    name: 'news name the first risk instead of the worst',
    file: `${PAGE}/model/inbox-words.ts`,
    find: '[...news.risks].sort((a, b) => RISKS.indexOf(a) - RISKS.indexOf(b))',
    replace: '[...news.risks]',
    tests: MODEL,
  },
];
