import { createSecretKey } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { createApi } from './api/serve.ts';
import { prepareCredentials } from './app/first-start.ts';
import { findApproval, listDecisions } from './approvals/list.ts';
import { requestApproval } from './approvals/request.ts';
import { createReplayRunner } from './approvals/runner.ts';
import { expireOverdue, listApproved, reapOrphans } from './approvals/sweep.ts';
import { createChangeSignal, waitForApproval } from './approvals/wait.ts';
import { loadConfig } from './config.ts';
import { systemClock } from './core/clock.ts';
import { commitment } from './core/digest.ts';
import { systemNewId, systemRandomBytes } from './core/ids.ts';
import { LIMITS } from './core/limits.ts';
import { VERSION } from './core/version.ts';
import { dashboardRoutes } from './dashboard/serve.ts';
import { createPinStore } from './downstream/store.ts';
import { createDownstreams } from './downstream/supervise.ts';
import type { GateDeps } from './gate/call.ts';
import { dispatchFrozen } from './gate/forward.ts';
import type { PolicyInForce } from './gate/judge.ts';
import { offeredTools } from './gate/offer.ts';
import { recheck } from './gate/recheck.ts';
import { createFront } from './http/front.ts';
import { allowedParties } from './http/guard.ts';
import { listen } from './http/listen.ts';
import { createLedger } from './ledger/append.ts';
import { genesisEntry } from './ledger/entry.ts';
import { openDataKey, openLogKey } from './ledger/open-key.ts';
import { sealPayload } from './ledger/payload.ts';
import { insertPayload } from './ledger/store.ts';
import { createMcpEndpoint } from './mcp/serve.ts';
import { createToolLists } from './mcp/tools.ts';
import { createMemoryCounters } from './policy/limits.ts';
import { createPolicyStore } from './policy/load.ts';
import { possibleEffects } from './policy/possible.ts';
import { insertPolicyVersion } from './policy/store.ts';
import { approverGroups } from './principals/approver-groups.ts';
import { relyingParty } from './principals/web/relying-party.ts';
import { createSessionDirectory } from './sessions/directory.ts';
import { spendCall } from './sessions/store.ts';
import type { Database } from './storage/database.ts';
import { openLibsql } from './storage/libsql.ts';

/** The built page stands in `dist/dashboard`, whether this file runs from `src/` or from `dist/`. */
const DASHBOARD_DIR = fileURLToPath(new URL('../dist/dashboard/', import.meta.url));
const WORKSPACE = 'default';
const READY_WAIT_MS = 15_000;
const SWEEP_MS = 500;

/** How the gateway is to be started; flags win over files. */
export interface StartOptions {
  /** 0 takes any free port. */
  readonly port?: number;
  readonly dataDir: string;
  readonly configFile?: string;
  readonly policiesDir?: string;
  /** Makes a fresh one-time enrol link, as long as nobody is enrolled. */
  readonly newEnrolLink: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Opens the storage engine; the embedded one when it is left out. */
  readonly openDatabase?: (file: string) => Database;
  /** Told of what happens while the gateway runs; holds no secret. */
  readonly onEvent?: (event: AppEvent) => void;
}

export type AppEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

/** A gateway that answers. `close` drains what is under way, and may be called more than once. */
export interface RunningApp {
  readonly origin: string;
  readonly dashboardUrl: string;
  /** Only when this start made it. */
  readonly apiKey?: string;
  /** Only when this start made it. */
  readonly enrolUrl?: string;
  readonly session: {
    readonly id: string;
    readonly mcp: {
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly secretUrl: string;
    };
    readonly expiresAt: string;
  };
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a gateway and resolves once it answers. Throws `config_invalid` or `policy_invalid`, with what to do, before
 * anything is served; nothing is left running then.
 */
export async function startApp(options: StartOptions): Promise<RunningApp> {
  const config = loadConfig(options);
  const undo: (() => Promise<void> | void)[] = [];
  try {
    return await start(options, config, undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}

async function start(
  options: StartOptions,
  config: ReturnType<typeof loadConfig>,
  undo: (() => Promise<void> | void)[],
): Promise<RunningApp> {
  const [now, newId, random] = [systemClock, systemNewId, systemRandomBytes];
  const log = pino(
    { level: config.logLevel, redact: { paths: ['*.headers', '*.authorization', '*.token'], remove: true } },
    pino.destination(2),
  );
  const emit = (event: AppEvent): void => options.onEvent?.(event);

  const listener = await listen({
    host: config.host,
    port: config.port,
    onError: (err) => log.error({ err }, 'an HTTP exchange failed'),
  });
  undo.push(() => listener.close(0));
  const publicOrigin = config.publicOrigin ?? `http://localhost:${listener.port}`;

  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const file = join(config.dataDir, 'countersign.db');
  const database = options.openDatabase?.(file) ?? openLibsql({ file });
  undo.push(() => database.close());
  const { signer } = openLogKey({
    file: join(config.dataDir, 'ledger.key'),
    name: `${new URL(publicOrigin).host}/${WORKSPACE}`,
    random,
  });
  const dataKey = createSecretKey(openDataKey({ file: join(config.dataDir, 'payload.key'), random }));
  const ledger = await createLedger({
    database,
    now,
    signer,
    report: (err) => log.error({ err }, 'the ledger reported a problem'),
    workspace: WORKSPACE,
  });
  undo.push(() => ledger.close());
  const isFirst = ledger.head().size === 0;
  if (isFirst) await ledger.commit({ entries: [genesisEntry(signer.vkey)] });

  const pins = createPinStore({ database, ledger, now, workspace: WORKSPACE });
  const downstreams = createDownstreams({ servers: config.servers, pins, now, log, spawnEnv: options.env });
  undo.push(() => downstreams.close());
  await Promise.race([
    downstreams.ready(),
    new Promise((resolve) => setTimeout(resolve, READY_WAIT_MS).unref()),
  ]);

  const policy = await createPolicyStore({
    dir: config.policiesDir,
    watch: true,
    tools: () => downstreams.catalog().tools,
    onLoaded: async (loaded) => {
      const files = Object.fromEntries(loaded.sources.map(({ name, text }) => [name, text]));
      await ledger.commit({
        then: [insertPolicyVersion({ hash: loaded.version, workspace: WORKSPACE, files, loadedAt: now() })],
        entries: [
          { type: 'policy.loaded', ref: {}, body: { version: loaded.version, rules: loaded.rules.length } },
        ],
      });
      emit({ event: 'policy.loaded', version: loaded.version });
    },
    onProblem: (error) => {
      log.error({ err: error }, 'the changed policy was refused; the one before stays in force');
      emit({ event: 'policy.refused', problem: error instanceof Error ? error.message : String(error) });
    },
  });
  undo.push(() => policy.close());
  const views = new WeakMap<object, PolicyInForce>();
  const inForce = (): PolicyInForce => {
    const current = policy.current();
    const known = views.get(current);
    if (known !== undefined) return known;
    const view: PolicyInForce = { ...current, possibleEffects: (target) => possibleEffects(current, target) };
    views.set(current, view);
    return view;
  };

  const sessions = createSessionDirectory({ database, ledger, now });
  const signal = createChangeSignal();
  const onChanged = (id: string): void => signal.changed(id);
  const principals = {
    database,
    ledger,
    now,
    newId,
    random,
    workspace: WORKSPACE,
    party: relyingParty(publicOrigin),
  };
  const gate: GateDeps = {
    downstreams,
    ledger,
    policy: inForce,
    isActive: sessions.isActive,
    spendCall,
    sealArguments: ({ id, subject, text }) => {
      const salt = random(32);
      const commit = commitment(salt, text);
      const ciphertext = sealPayload({ key: dataKey, random }, { commitment: commit, text });
      const payload = {
        id: newId('pay'),
        workspace: WORKSPACE,
        commitment: commit,
        salt: Buffer.from(salt).toString('hex'),
        ciphertext,
        call: id,
        subject,
        createdAt: now(),
      };
      return { commit, sidecar: insertPayload(payload) };
    },
    requestApproval: async (held) => {
      const found = await requestApproval({ database, ledger, now, newId, random }, held);
      if (found.created) sessions.counted(held.session.id, sessions.callsOf(held.session.id) + 1);
      return found;
    },
    callsOf: sessions.callsOf,
    counted: sessions.counted,
    counters: createMemoryCounters(),
    now,
    newId,
    random,
  };

  const recheckDeps = {
    ...gate,
    catalog: () => downstreams.catalog(),
    session: sessions.get,
    decisions: (id: string) => listDecisions(database, id),
    approverGroups: (approver: string) => approverGroups(principals, approver),
  };
  const replays = createReplayRunner(
    {
      database,
      ledger,
      now,
      random,
      owner: newId('own'),
      recheck: (approval) => recheck(recheckDeps, approval),
      stillAllowed: (approval) => sessions.mayStillAct(approval.sessionId),
      dispatch: (approval, attempt) => dispatchFrozen(downstreams, approval, attempt),
      onChanged,
    },
    (fields, message) => log.error(fields, message),
  );

  const wait = { database, now, signal };
  const dispatchDeps = {
    gate,
    toolLists: createToolLists((session, catalog) => offeredTools(gate, session, catalog)),
    getApproval: (id: string) => findApproval(database, id),
    wait: (input: Parameters<typeof waitForApproval>[1]) => waitForApproval(wait, input),
    now,
    publicOrigin,
    log,
  };
  const mcp = createMcpEndpoint({
    ...dispatchDeps,
    authenticate: sessions.authenticate,
    newId,
    identity: { name: 'countersign', version: VERSION },
  });
  sessions.onEnded(mcp.endSession);
  downstreams.onEvent(mcp.onDownstreamEvent);

  const mint = { ledger, now, newId, random, workspace: WORKSPACE, defaultTtlMs: config.sessionTtlMs };
  const api = createApi({
    workspace: WORKSPACE,
    publicOrigin,
    vkey: signer.vkey,
    version: VERSION,
    database,
    ledger,
    sessions,
    mint,
    principals,
    decide: {
      database,
      ledger,
      now,
      newId,
      random,
      log: signer.name,
      onDecided: (approval) => {
        onChanged(approval.id);
        if (approval.state === 'approved') replays.run(approval.id);
      },
    },
    byHand: { database, ledger, now, onChanged },
    wait,
    downstreams,
    pins: async (server) => [...(await pins.read(server)).values()],
    toolSchemas: () => downstreams.catalog().tools,
    policy,
    isReady: () => true,
    now,
    newId,
    log,
  });

  const sweepDeps = { database, ledger, now, onChanged };
  await reapOrphans(sweepDeps, { all: true });
  const report = (err: unknown): void => log.error({ err }, 'a sweep failed; it is tried again');
  const sweep = setInterval(() => {
    sessions.sweep();
    expireOverdue(sweepDeps).catch(report);
    reapOrphans(sweepDeps, { all: false }).catch(report);
  }, SWEEP_MS);
  undo.push(() => clearInterval(sweep));

  const credentials = await prepareCredentials({
    dataDir: config.dataDir,
    origin: publicOrigin,
    principals,
    sessions,
    mint,
    isFirst,
    newEnrolLink: options.newEnrolLink,
  });
  listener.serve({
    handler: createFront({
      api: api.fetch,
      mcp,
      file: dashboardRoutes({ folder: DASHBOARD_DIR, secure: principals.party.secure }),
    }),
    allowed: allowedParties({
      publicOrigin,
      port: listener.port,
      hosts: config.allowedHosts,
      origins: config.allowedOrigins,
    }),
  });
  for (const id of await listApproved(database)) replays.run(id);

  const { promise: closed, resolve: ended } = Promise.withResolvers<void>();
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    clearInterval(sweep);
    policy.close();
    const drained = listener.close(LIMITS.shutdownGraceMs);
    await mcp.close();
    await Promise.all([drained, replays.idle()]);
    await downstreams.close();
    await ledger.close();
    await database.close();
    ended();
  }
  const { token } = credentials.session;
  return {
    origin: publicOrigin,
    dashboardUrl: `${publicOrigin}/`,
    ...(credentials.apiKey === undefined ? {} : { apiKey: credentials.apiKey }),
    ...(credentials.enrolUrl === undefined ? {} : { enrolUrl: credentials.enrolUrl }),
    session: {
      id: credentials.session.id,
      expiresAt: credentials.session.expiresAt,
      mcp: {
        url: `${publicOrigin}/mcp`,
        headers: { Authorization: `Bearer ${token}` },
        secretUrl: `${publicOrigin}/mcp/${token}`,
      },
    },
    closed,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
