import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/fixed-seed.ts'],
    // The embedded engine is native code: a process per file keeps an abort in one file out of the others.
    pool: 'forks',
    // Each gateway's writing thread strips types by WebAssembly, whose wrappers Node 24 frees wrongly when they are compiled anew while
    // threads come and go (a crash in `Runtime_TierUpWasmToJSWrapper`). What is built runs no such code.
    execArgv: ['--wasm-wrapper-tiering-budget=2000000000'],
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 40_000,
    teardownTimeout: 10_000,
  },
});
