import type { PlantedBug } from './bug.ts';

const MODEL = ['test/dashboard/push-model.test.ts'];
const SERVE = ['test/dashboard/serve.test.ts'];
const MESSAGE = 'src/dashboard/browser/model/push-message.ts';
const DEVICE = 'src/dashboard/browser/model/push-device.ts';
const SERVED = 'src/dashboard/serve.ts';

/** Defects of notifications and of installing, on the page's side. */
export const PUSH_PAGE_BUGS: readonly PlantedBug[] = [
  {
    name: 'a notification opens a call with more behind its address',
    file: MESSAGE,
    find: 'apr_[A-Za-z0-9]+)?$/',
    replace: 'apr_[A-Za-z0-9]+)?/',
    tests: MODEL,
  },
  {
    name: 'a notification opens whatever the message says',
    file: MESSAGE,
    find: 'path: targetOf(url),',
    replace: 'path: String(url),',
    tests: MODEL,
  },
  {
    name: 'the page goes wherever a worker’s message says',
    file: MESSAGE,
    find: 'return type === GO ? targetOf(path) : undefined;',
    replace: 'return type === GO ? String(path) : undefined;',
    tests: MODEL,
  },
  {
    name: 'any message leads the page',
    file: MESSAGE,
    find: 'return type === GO ? targetOf(path) : undefined;',
    replace: 'return targetOf(path);',
    tests: MODEL,
  },
  {
    name: 'a critical call goes away by itself',
    file: MESSAGE,
    find: "risk === 'high' || risk === 'critical'",
    replace: "risk === 'high'",
    tests: MODEL,
  },
  {
    name: 'a message of another version is read as if it were of this one',
    file: MESSAGE,
    find: 'v !== 1 || ',
    replace: '',
    tests: MODEL,
  },
  {
    name: 'a notification takes somebody away from connecting a client',
    file: MESSAGE,
    find: 'const free = windows.filter(({ url }) => !UNDISTURBED.test(new URL(url).pathname));',
    replace: 'const free = windows.filter(({ url }) => url !== "" || UNDISTURBED.test(url));',
    tests: MODEL,
  },
  {
    name: 'the page says on after the person has withdrawn it in the browser',
    file: DEVICE,
    find: "return subscribed && answer === 'granted' ? 'on' : 'off';",
    replace: "return subscribed ? 'on' : 'off';",
    tests: MODEL,
  },
  {
    name: 'every Mac is taken for an iPad',
    file: DEVICE,
    find: 'maxTouchPoints > 1',
    replace: 'maxTouchPoints >= 0',
    tests: MODEL,
  },
  {
    name: 'a subscription for another key is taken for one of this gateway',
    file: DEVICE,
    find: 'one.length === other.length && one.every((byte, index) => byte === other[index])',
    replace: 'one.length === other.length',
    tests: MODEL,
  },
  {
    name: 'a device is remembered without its person',
    file: 'src/dashboard/browser/model/kept-device.ts',
    find: "if (!all.every((one) => typeof one === 'string')) return undefined;",
    replace: '',
    tests: MODEL,
  },
  {
    name: 'any policy of Trusted Types may be made',
    file: SERVED,
    find: "'trusted-types countersign-worker',",
    replace: "'trusted-types *',",
    tests: SERVE,
  },
  {
    name: 'workers may come from anywhere',
    file: SERVED,
    find: `"worker-src 'self'",`,
    replace: `"worker-src *",`,
    tests: SERVE,
  },
  {
    name: 'the installed page has other colours than the page',
    file: 'src/dashboard/browser/public/manifest.webmanifest',
    find: '"theme_color": "#ffffff"',
    replace: '"theme_color": "#1d4ed8"',
    tests: MODEL,
  },
];
