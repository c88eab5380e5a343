/** The colours of style/base.css, which cannot be fetched. */
const STYLE = `
:root { color-scheme: light dark; }
body {
  margin: 0;
  padding: 12vh 1rem 1rem;
  background: light-dark(#f6f7f9, #14161a);
  color: light-dark(#14181f, #eceef2);
  font: 16px / 1.5 system-ui, sans-serif;
}
main { max-width: 34rem; margin: 0 auto; }
h1 { font-size: 1.4rem; }
a { color: light-dark(#1646b8, #93b8ff); }
`;

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Countersign: no connection</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <main>
      <h1>The gateway cannot be reached</h1>
      <p>This device has no connection to it, or it is not running. Nothing is kept on the device, so that no old call is
      taken for one that still waits.</p>
      <p><a href="">Try again</a></p>
    </main>
  </body>
</html>
`;

async function policy(): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(STYLE));
  return [
    "default-src 'none'",
    `style-src 'sha256-${btoa(String.fromCharCode(...new Uint8Array(hash)))}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** What stands in place of a screen that could not be fetched. */
export async function offlinePage(): Promise<Response> {
  return new Response(PAGE, {
    status: 503,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': await policy(),
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  });
}

/** Whether a request is for a screen. Not where a secret stands behind the `#`, which trying again would lose. */
export function isForScreen(request: Request): boolean {
  const { pathname } = new URL(request.url);
  return request.mode === 'navigate' && !pathname.startsWith('/v1/') && pathname !== '/enrol';
}
