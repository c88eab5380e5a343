import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toRfc3339 } from '../../../src/core/clock.ts';
import { isCountersignError } from '../../../src/core/errors.ts';
import { dashboardRoutes } from '../../../src/dashboard/serve.ts';
import { listPeople } from '../../../src/principals/people/people.ts';
import { removePerson } from '../../../src/principals/people/remove.ts';
import type { Principal } from '../../../src/principals/principal.ts';
import { finishEnrolment, startEnrolment } from '../../../src/principals/web/enrol.ts';
import { createBootstrapInvite, createInvite } from '../../../src/principals/web/invite.ts';
import { authenticateWeb, finishSignIn, signOut, startSignIn } from '../../../src/principals/web/sign-in.ts';
import { clearedCookie, readSessionCookie, sessionCookie } from '../../../src/principals/web/web-session.ts';
import { type Office, openOffice } from '../../principals/support/office.ts';
import { type Desk, openDesk } from './desk.ts';

type Json = Record<string, unknown>;

/** The gateway's API as the page sees it: real people, passkeys, statements and views over approvals in memory. */
export interface FakeGateway {
  readonly origin: string;
  readonly office: Office;
  readonly desk: Desk;
  /** Changes an answer on its way out, as a gateway that lies would. */
  tamper: ((path: string, body: Json) => Json) | undefined;
  /** While true, nothing is answered. */
  down: boolean;
  enrolUrl(): Promise<string>;
  /** Cuts every open event stream. */
  cutStreams(): void;
  close(): Promise<void>;
}

const STATUS: Readonly<Record<string, number>> = {
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
};

async function readBody(request: IncomingMessage): Promise<Json> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Json);
}

export async function openFakeGateway(): Promise<FakeGateway> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const office = await openOffice({ origin, now: () => Date.now() });
  const desk = openDesk(office, origin);
  const pages = dashboardRoutes({ secure: false });
  const streams = new Set<ServerResponse>();
  const { deps } = office;
  desk.onEntry((entry) => {
    for (const stream of streams)
      stream.write(`id: ${entry.seq}\nevent: entry\ndata: ${JSON.stringify(entry)}\n\n`);
  });

  const gateway: FakeGateway = {
    origin,
    office,
    desk,
    tamper: undefined,
    down: false,
    async enrolUrl() {
      const link = await createBootstrapInvite(deps, { name: 'Ada Lovelace', groups: ['finance'] });
      if (link === undefined) throw new Error('somebody is enrolled already');
      return origin + link.path;
    },
    cutStreams() {
      for (const stream of streams) stream.destroy();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await office.close();
    },
  };

  interface Call {
    readonly path: string;
    readonly body: Json;
    readonly query: URLSearchParams;
    readonly me: Principal & { kind: 'person' };
  }

  async function open(path: string, body: Json): Promise<{ body: Json; cookie?: string } | undefined> {
    const token = String(body.token);
    const challengeId = String(body.challenge_id);
    const response = body.response as never;
    switch (path) {
      case '/v1/webauthn/enrol/options': {
        const started = await startEnrolment(deps, { token });
        return { body: { challenge_id: started.challengeId, name: started.name, options: started.options } };
      }
      case '/v1/webauthn/enrol/verify': {
        const { person, webToken } = await finishEnrolment(deps, { token, challengeId, response });
        return { body: { person }, cookie: sessionCookie(deps.party, webToken) };
      }
      case '/v1/webauthn/sign-in/options': {
        const started = await startSignIn(deps);
        return { body: { challenge_id: started.challengeId, options: started.options } };
      }
      case '/v1/webauthn/sign-in/verify': {
        const { person, webToken } = await finishSignIn(deps, { challengeId, response });
        return { body: { person }, cookie: sessionCookie(deps.party, webToken) };
      }
      default:
        return undefined;
    }
  }

  async function signedIn(call: Call, method: string): Promise<Json | undefined> {
    const { path, body, query, me } = call;
    const [, , resource, id, action] = path.split('/');
    if (resource === 'me') return { person: { id: me.id, name: me.name, groups: me.groups } };
    if (resource === 'approvals' && id === undefined) return desk.list(query);
    if (resource === 'approvals' && action === undefined) return desk.detail(String(id));
    if (action === 'statement') return desk.statement(String(id), me, body);
    if (action === 'decide') return desk.decide(String(id), me, body);
    if (path === '/v1/approvers/invites') {
      const groups = body.groups as string[];
      const link = await createInvite(deps, { by: me, name: String(body.name), groups });
      return { id: link.id, url: origin + link.path, expires_at: toRfc3339(link.expiresAt) };
    }
    if (resource === 'approvers' && method === 'DELETE') {
      await removePerson(deps, { by: me, personId: String(id) });
      return {};
    }
    if (resource === 'approvers') {
      const people = await listPeople(deps);
      const data = people.map((person) => ({ ...person, created_at: toRfc3339(person.createdAt) }));
      return { data, next_cursor: null, has_more: false };
    }
    return undefined;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin);
    const method = request.method ?? 'GET';
    const send = (status: number, body: Json, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(gateway.tamper?.(url.pathname, body) ?? body));
    };
    if (gateway.down) return void request.socket.destroy();
    try {
      const page = method === 'GET' ? pages(url.pathname) : undefined;
      if (page !== undefined) return void response.writeHead(page.status, page.headers).end(page.body);
      const body = await readBody(request);
      if (method !== 'GET' && request.headers['x-countersign-csrf'] !== '1')
        return send(403, { code: 'forbidden' });
      const opened = await open(url.pathname, body);
      if (opened !== undefined)
        return send(200, opened.body, opened.cookie ? { 'set-cookie': opened.cookie } : {});
      const token = readSessionCookie(deps.party, request.headers.cookie);
      const me = token === undefined ? undefined : await authenticateWeb(deps, token);
      if (me?.kind !== 'person') return send(401, { code: 'unauthenticated', detail: 'Sign in first.' });
      if (url.pathname === '/v1/webauthn/sign-out') {
        await signOut(deps, token ?? '');
        return send(200, {}, { 'set-cookie': clearedCookie(deps.party) });
      }
      if (url.pathname === '/v1/logs/stream') {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\nretry: 200\n\n');
        streams.add(response);
        return void response.on('close', () => streams.delete(response));
      }
      const found = await signedIn({ path: url.pathname, body, query: url.searchParams, me }, method);
      if (found === undefined) return send(404, { code: 'not_found', detail: 'There is nothing here.' });
      send(200, found);
    } catch (error) {
      if (!isCountersignError(error)) throw error;
      send(STATUS[error.code] ?? 400, { code: error.code, detail: error.message });
    }
  }

  return gateway;
}
