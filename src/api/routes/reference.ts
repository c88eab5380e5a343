import type { ErrorCode } from '../../core/errors.ts';
import type { Api } from '../context.ts';
import { PROBLEM_KINDS } from '../problem.ts';
import { referencePage } from '../reference/page.ts';
import type { Json } from '../reference/schema-view.ts';
import { REFERENCE_STYLE } from '../reference/style.ts';

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/** The reference of the API as a page, `/docs`. It is no part of the document that it shows. */
export function addReferenceRoutes(api: Api, document: () => Json): void {
  let page: string | undefined;
  api.get('/docs', async (c) => {
    page ??= String(
      await referencePage(
        document(),
        Object.entries(PROBLEM_KINDS).map(([code, kind]) => ({ code: code as ErrorCode, ...kind })),
      ),
    );
    return c.html(page, 200, HEADERS);
  });
  api.get('/docs/style.css', (c) =>
    c.body(REFERENCE_STYLE, 200, { ...HEADERS, 'content-type': 'text/css; charset=utf-8' }),
  );
}
