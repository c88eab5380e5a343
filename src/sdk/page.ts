import type { CallOptions, Http, Query } from './http.ts';

/** One page of a list. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
  readonly hasMore: boolean;
}

/** Await it for the first page, or iterate it (`for await`) for every item of every page. */
export interface Paged<T> extends Promise<Page<T>>, AsyncIterable<T> {}

export interface PageOptions {
  /** Items per page: 1 to 200, 50 unless told. */
  readonly limit?: number | undefined;
  /** Where to go on: `nextCursor` of an earlier page. */
  readonly cursor?: string | undefined;
}

export interface PageWire<W> {
  readonly data: readonly W[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

export interface ListCall<W, T> {
  readonly path: string;
  readonly query: Query;
  readonly fromWire: (wire: W) => T;
  /** Drops items before they are seen; all are kept unless told. */
  readonly keep?: (item: T) => boolean;
  readonly options?: CallOptions | undefined;
}

/** Fetches the first page at once and the others when the iteration reaches them. */
export function listPages<W, T>(http: Http, call: ListCall<W, T>): Paged<T> {
  async function fetchPage(query: Query): Promise<Page<T>> {
    const { body } = await http.json<PageWire<W>>({
      method: 'GET',
      path: call.path,
      query,
      options: call.options,
    });
    return {
      data: body.data.map(call.fromWire).filter(call.keep ?? (() => true)),
      nextCursor: body.next_cursor ?? null,
      hasMore: body.has_more === true,
    };
  }

  const first = fetchPage(call.query);

  async function* items(): AsyncGenerator<T, void, undefined> {
    let page = await first;
    yield* page.data;
    while (page.hasMore && page.nextCursor !== null) {
      page = await fetchPage({ ...call.query, cursor: page.nextCursor });
      yield* page.data;
    }
  }

  return Object.assign(first, { [Symbol.asyncIterator]: items });
}
