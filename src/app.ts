import { apiLimiter } from './app/api-limits.ts';
import { collectCosignatures } from './app/collect-cosignatures.ts';
import { deriveKey } from './app/derive-key.ts';
import { exportState } from './app/export-state.ts';
import { forgetEnrolLink, prepareCredentials } from './app/first-start.ts';
import { openAddress, openState } from './app/open-state.ts';
import { createUndo, type RunningApp, type StartOptions, type Undo } from './app/options.ts';
import { startSweeps } from './app/sweeps.ts';
import { tellDrift } from './app/tell-drift.ts';
import { wireAccessRequests, wireActions } from './app/wire-actions.ts';
import { capabilityEndpoints, openKeys } from './app/wire-capabilities.ts';
import { wireControl } from './app/wire-control.ts';
import { wireDecisions } from './app/wire-decisions.ts';
import { wireGate } from './app/wire-gate.ts';
import { wireJobs } from './app/wire-jobs.ts';
import { wireNotifications } from './app/wire-notifications.ts';
import { wireOauth } from './app/wire-oauth.ts';
import { wireRedaction } from './app/wire-redaction.ts';
import { wireReplay } from './app/wire-replay.ts';
import { wireServerLogins } from './app/wire-server-logins.ts';
import type { Approval } from './approvals/approval.ts';
import { findApproval, listApprovals, listDecisions } from './approvals/list.ts';
import { createChangeSignal, waitForApproval } from './approvals/wait.ts';
import { type Config, loadConfig } from './config.ts';
import { LIMITS } from './core/limits.ts';
import { VERSION } from './core/version.ts';
import { dashboardRoutes } from './dashboard/serve.ts';
import { createPinStore } from './downstream/store.ts';
import { createDownstreams } from './downstream/supervise.ts';
import type { ExportRequest } from './evidence/write-export.ts';
import { offeredTools } from './gate/offer.ts';
import { createFront } from './http/front.ts';
import { allowedParties } from './http/guard.ts';
import { jobIdOf } from './jobs/job.ts';
import { createMcpEndpoint } from './mcp/serve.ts';
import { createToolLists } from './mcp/tools.ts';
import { relyingParty } from './principals/web/relying-party.ts';
import { createSessionDirectory } from './sessions/directory.ts';
import { mcpAccess } from './sessions/session.ts';

const READY_WAIT_MS = 15_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** Waits for both, also when one fails, so that what the other opened can be undone. */
async function bothOf<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}

/**
 * Starts a gateway and resolves once it answers. Throws `config_invalid` or `policy_invalid`, with what to do, before
 * anything is served; nothing is left running then.
 */
export async function startApp(options: StartOptions): Promise<RunningApp> {
  const config = loadConfig(options);
  const undo = createUndo();
  try {
    return await start(options, config, undo);
  } catch (error) {
    await undo.run();
    throw error;
  }
}

async function start(options: StartOptions, config: Config, undo: Undo): Promise<RunningApp> {
  const address = await openAddress(config, undo);
  // The policy takes as long to compile as the writing thread takes to open the database: they do it side by side.
  const [state, openPolicy] = await bothOf(
    openState(options, config, { address, undo }),
    import('./app/open-policy.ts').then(({ preparePolicy }) => preparePolicy(config.policiesDir)),
  );
  const { database, ledger, log, now, newId, random, workspace, publicOrigin, listener, signer } = state;

  const serverLogins = wireServerLogins(state);
  const pins = createPinStore({ database, ledger, now, workspace });
  const downstreams = createDownstreams({
    servers: config.servers,
    pins,
    credentials: serverLogins.of,
    lock: config.toolLock,
    now,
    log,
    spawnEnv: options.env,
  });
  downstreams.onEvent((event) => tellDrift(event, options.onEvent));
  undo.add(() => downstreams.close());
  await Promise.race([downstreams.ready(), pause(READY_WAIT_MS)]);

  const capabilityKeys = await openKeys(state);
  const sessions = createSessionDirectory({ workspace, database, ledger, now });
  const changes = createChangeSignal();
  const work = wireJobs(state, { sessions, gate: () => gate, onChanged: (id) => onChanged(id) });
  undo.add(() => work.close());
  const onChanged = (approvalId: string): void => {
    changes.changed(approvalId);
    work.jobs.changed(jobIdOf(approvalId));
  };
  const policy = await openPolicy(state, {
    downstreams,
    emit: (event) => options.onEvent?.(event),
    onSwapped: () => mcp.onPolicyChanged(),
    undo,
  });
  const { gate, detacher, replays, takeUp, capabilities } = wireGate(state, {
    capabilityKeys,
    downstreams,
    policy: policy.inForce,
    sessions,
    onChanged,
    work,
  });

  const wait = { database, now, signal: changes };
  const mcp = createMcpEndpoint({
    gate,
    detacher,
    jobs: work.jobs,
    toolLists: createToolLists((session, catalog) => offeredTools(gate, session, catalog)),
    getApproval: (id) => findApproval(database, id),
    decisionsOf: (id) => listDecisions(database, id),
    pendingOf: (session) =>
      listApprovals(database, { workspace, session, state: 'pending', limit: LIMITS.pendingPerSession }),
    wait: (input) => waitForApproval(wait, input),
    onApprovalChange: changes.subscribe,
    sealing: { key: deriveKey(state.dataKey, 'countersign/mcp-request-state/v1'), random },
    now,
    publicOrigin,
    log,
    authenticate: sessions.authenticate,
    newId,
    identity: { name: 'countersign', version: VERSION },
  });
  sessions.onEnded(mcp.endSession);
  downstreams.onEvent(mcp.onDownstreamEvent);

  const party = relyingParty(publicOrigin);
  const principals = {
    database,
    ledger,
    now,
    newId,
    random,
    workspace,
    party,
    logName: signer.name,
    attestation: config.attestation,
  };
  const mint = { ledger, now, newId, random, workspace, defaultTtlMs: config.sessionTtlMs };
  const witnesses = await collectCosignatures(state, (event) => options.onEvent?.(event));
  undo.add(() => witnesses.close());
  const redactions = wireRedaction(state, onChanged);
  const webhooks = wireNotifications(state);
  undo.add(() => webhooks.outbox.close());
  undo.add(() => webhooks.toPeople.outbox.close());
  const ending = new AbortController();
  const apiDeps = {
    workspace,
    publicOrigin,
    get vkey() {
      return signer.vkey;
    },
    version: VERSION,
    database,
    ledger,
    witnesses: witnesses.standings,
    sessions,
    mint,
    oauth: wireOauth(state, { mint, sessions }),
    principals,
    decide: wireDecisions(state, {
      onDecided: (approval: Approval) => {
        onChanged(approval.id);
        witnesses.nudge();
        // An action is carried out by whoever requested it.
        if (approval.state === 'approved' && approval.call.kind === 'tool') replays.run(approval.id);
      },
      emit: (event) => options.onEvent?.(event),
    }),
    byHand: { database, workspace, ledger, now, onChanged },
    redact: redactions.deps,
    exportLedger: (request: ExportRequest) => exportState(state, request),
    limiter: apiLimiter(state),
    answerSealing: { key: deriveKey(state.dataKey, 'countersign/idempotent-answer/v1'), random },
    ask: wireActions(state, gate),
    takeUp,
    accessRequests: wireAccessRequests(state),
    capabilities: capabilityEndpoints(capabilities, takeUp),
    capabilityKeys,
    narrow: { database, ledger, sessions, now, newId, random },
    wait,
    work,
    webhooks: webhooks.endpoints,
    toPeople: webhooks.toPeople,
    devices: webhooks.devices,
    downstreams,
    serverLogins,
    pins: async (server: string) => [...(await pins.read(server)).values()],
    toolSchemas: () => downstreams.catalog().tools,
    policy: policy.store,
    recorded: wireReplay(state, policy.store.current),
    onEnrolled: () => {
      forgetEnrolLink(config.dataDir).catch((err: unknown) =>
        log.error({ err }, 'a spent enrol link was kept'),
      );
    },
    closing: ending.signal,
    now,
    newId,
    log,
  };

  const { loadApi, control } = wireControl(apiDeps);

  const stopSweeps = await startSweeps(state, {
    sessions,
    replays,
    redactions,
    onChanged,
    capabilityKeys,
    jobs: work.jobs,
  });
  undo.add(stopSweeps);
  const credentials = await prepareCredentials({
    dataDir: config.dataDir,
    origin: publicOrigin,
    principals,
    sessions,
    mint,
    newEnrolLink: options.newEnrolLink,
  });
  listener.serve({
    handler: createFront({
      loadApi,
      mcp,
      control: control.handle,
      file: dashboardRoutes({ secure: party.secure }),
    }),
    allowed: allowedParties({
      publicOrigin,
      port: listener.port,
      hosts: config.allowedHosts,
      origins: config.allowedOrigins,
    }),
  });
  await replays.resume();
  await work.resume(gate.tasks.resume);
  await webhooks.outbox.refresh();
  await webhooks.toPeople.outbox.start();

  const { promise: closed, resolve: ended } = Promise.withResolvers<void>();
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    ending.abort();
    stopSweeps();
    policy.store.close();
    await work.close();
    const drained = listener.close(LIMITS.shutdownGraceMs);
    await Promise.all([mcp.close(), control.close()]);
    await Promise.race([Promise.all([drained, replays.idle()]), pause(LIMITS.shutdownGraceMs)]);
    // What is still under way becomes unknown when its server goes; that is recorded before the ledger closes.
    await Promise.all([downstreams.close(), gate.tasks.close()]);
    await Promise.all([drained, replays.idle(), detacher.idle()]);
    await sessions.flush();
    const told = Promise.all([webhooks.outbox.close(), webhooks.toPeople.outbox.close()]);
    await Promise.race([told, pause(LIMITS.shutdownGraceMs)]);
    await witnesses.close();
    await state.observed.close();
    await ledger.close();
    await database.close();
    ended();
  }
  return {
    origin: publicOrigin,
    dashboardUrl: `${publicOrigin}/`,
    dataDir: config.dataDir,
    ...(credentials.apiKey === undefined ? {} : { apiKey: credentials.apiKey }),
    ...(credentials.enrolUrl === undefined ? {} : { enrolUrl: credentials.enrolUrl }),
    session: {
      id: credentials.session.id,
      expiresAt: credentials.session.expiresAt,
      mcp: mcpAccess(publicOrigin, credentials.session.token),
    },
    closed,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
