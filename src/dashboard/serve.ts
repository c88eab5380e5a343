import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** An answer that a door can send as it is. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // For the address of the service worker and nothing else: browser/worker-address.ts.
  'trusted-types countersign-worker',
].join('; ');

const PERMISSIONS_POLICY = [
  'camera=()',
  'geolocation=()',
  'microphone=()',
  'payment=()',
  'usb=()',
  'clipboard-write=(self)',
  'publickey-credentials-create=(self)',
  'publickey-credentials-get=(self)',
].join(', ');

/** Every address that the page itself understands; all get the same document. */
const SCREEN =
  /^\/(?:|authorize|enrol|sign-in|people|keys|settings|history|overview|policies|(?:logs|sessions|jobs|servers|webhooks)(?:\/[A-Za-z0-9_-]{1,100})?|approvals\/[A-Za-z0-9_]{1,100})$/;

const MISSING_BUNDLE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Countersign: the dashboard is not built</title>
  </head>
  <body>
    <h1>The dashboard is not built</h1>
    <p>The gateway runs, but its web page is missing. In its folder run <code>npm run build</code>, then start the
    gateway again.</p>
  </body>
</html>
`;

const BUILT = import.meta.url.endsWith('.ts') ? '../../dist/dashboard/public' : './public';

/** Where the build puts the page, seen from the sources and from what is built of them. */
export const DASHBOARD_FOLDER = fileURLToPath(new URL(BUILT, import.meta.url));

function headersFor(
  contentType: string,
  options: { cache: string; secure: boolean },
): Record<string, string> {
  return {
    'content-type': contentType,
    'cache-control': options.cache,
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': PERMISSIONS_POLICY,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(options.secure ? { 'strict-transport-security': 'max-age=63072000' } : {}),
  };
}

function cacheOf(path: string): string {
  if (path.endsWith('.html')) return 'no-store';
  // The bundler puts a hash of the content into the name of everything under /assets/.
  return path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
}

function readBundle(folder: string, secure: boolean): Map<string, PageAnswer> {
  const answers = new Map<string, PageAnswer>();
  if (!existsSync(join(folder, 'index.html'))) return answers;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const contentType = CONTENT_TYPES[extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join('/')}`;
    const headers = headersFor(contentType, { cache: cacheOf(path), secure });
    answers.set(path, { status: 200, headers, body: new Uint8Array(readFileSync(file)) });
  }
  return answers;
}

/**
 * The approvers' page as a function of the request path (without query, not decoded): the built files of `folder`
 * (`DASHBOARD_FOLDER` unless told), and the one document for every screen's address; undefined for anything else. All files are read now and nothing is
 * looked up on disk later, so no path can leave the folder. Without a build every screen says how to make one.
 */
export function dashboardRoutes(options: {
  folder?: string;
  /** The page is reached by https: adds HSTS. */
  secure: boolean;
}): (path: string) => PageAnswer | undefined {
  const files = readBundle(options.folder ?? DASHBOARD_FOLDER, options.secure);
  const missing: PageAnswer = {
    status: 503,
    headers: headersFor('text/html; charset=utf-8', { cache: 'no-store', secure: options.secure }),
    body: new TextEncoder().encode(MISSING_BUNDLE),
  };
  const document = files.get('/index.html') ?? missing;
  files.delete('/index.html');
  return (path) => (SCREEN.test(path) ? document : files.get(path));
}
