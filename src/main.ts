#!/usr/bin/env -S node --max-semi-space-size=16
// Any Node that a person happens to have reads this file: no newer syntax here, and the rest is imported late.
import { keepCompiledCode } from './cli/compile-cache.ts';
import { nodeProblem } from './cli/node-version.ts';
import type { CliDeps, PolicyTools } from './cli/ports.ts';

const READ_BYTES = 1024 * 1024;

/** Policy files on this machine. Read only when a policy command runs, so that the others start fast. */
async function loadPolicyTools(now: () => number): Promise<PolicyTools> {
  const [files, checks, tests, traces, rules] = await Promise.all([
    import('./policy/load.ts'),
    import('./policy/check.ts'),
    import('./policy/test-suite.ts'),
    import('./policy/explain.ts'),
    import('./policy/rule.ts'),
  ]);
  return {
    async check(dir) {
      const found = await files.readPolicyDirectory(dir);
      // An empty folder is no policy; loading says so and what to do.
      if (found.length === 0) await files.loadPolicy(dir);
      return checks.checkPolicies(found);
    },
    test: (dir) => tests.runPolicyTests(dir),
    async read(dir) {
      const { sources } = await files.loadPolicy(dir);
      return Object.fromEntries(sources.map(({ name, text }) => [name, text]));
    },
    schema: () => rules.policyJsonSchema(),
    async explain(dir, { subject, server, tool, args, labels: given }) {
      const policy = await files.loadPolicy(dir);
      const labels = { ...given };
      const input = { server, tool, args, session: subject === undefined ? { labels } : { labels, subject } };
      return traces.explain(policy, tests.testInput({ input, now: new Date(now()).toISOString() }));
    },
  };
}

/** An export on this machine, without a gateway. */
const verifyExportFile: CliDeps['verifyExport'] = async (file, options) => {
  const [{ createReadStream }, { verifyExport }] = await Promise.all([
    import('node:fs'),
    import('./evidence/verify-export.ts'),
  ]);
  return verifyExport(createReadStream(file, { highWaterMark: READ_BYTES }), options);
};

async function main(): Promise<number> {
  const problem = nodeProblem(process.versions.node);
  if (problem !== undefined) {
    process.stderr.write(`${problem}\n`);
    return 2;
  }
  keepCompiledCode(process.env);
  const [cli, host, { VERSION }] = await Promise.all([
    import('./cli/run.ts'),
    import('./cli/process-deps.ts'),
    import('./core/version.ts'),
  ]);
  const deps = host.processDeps();
  return cli.runCli(process.argv.slice(2), {
    ...deps,
    version: VERSION,
    startApp: async (options) => (await import('./app.ts')).startApp(options),
    startWitness: async (start) => (await import('./app/start-witness.ts')).startWitness(start),
    policyTools: () => loadPolicyTools(deps.now),
    proofProblem: async (proof, vkey) => (await import('./ledger/check-proof.ts')).proofProblem(proof, vkey),
    checkCapability: async (check) =>
      (await import('./capabilities/verify/check-capability.ts')).checkCapability(check),
    verifyExport: verifyExportFile,
    inspectConfig: async (question) => (await import('./config/inspect.ts')).inspectConfig(question),
    probeMcp: async (access) =>
      (await import('./downstream/probe-endpoint.ts')).probeEndpoint({ ...access, version: VERSION }),
    playAgent: async (options) => (await import('./demo/agent.ts')).playAgent(options),
    approveHeadless: async (options) =>
      (await import('./demo/headless-approver.ts')).approveHeadless(options),
  });
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`error: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  },
);
